package dev.fusible;

import dev.fusible.StoreLink.Claim;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Shares circuits through a store: writes behind what they change, claims trials, and brings in
 * what others changed. No caller is ever here: every operation of the store is started on the
 * worker and answered on the store's own thread, so a store that hangs holds up nobody.
 */
final class StoreSync implements StateSharing {

  private final StoreRefresh refresh;
  private final StoreTurns turns;
  private final Tokens tokens = new Tokens();

  StoreSync(
      StoreOperations operations,
      TimeSource time,
      EventDispatcher events,
      CircuitRegistry registry,
      Duration refreshEvery) {
    this.refresh = new StoreRefresh(this, operations, time, registry, refreshEvery);
    this.turns = new StoreTurns(operations, time, events, tokens, refresh::probe);
  }

  @Override
  public void start() {
    refresh.start();
  }

  @Override
  public void load(Circuit circuit) {
    refresh.load(circuit);
  }

  /** Writes it: a transition at once, counts with what follows within the second. */
  @Override
  public void changed(Circuit circuit, MachineState state) {
    if (!state.isDirty()) {
      return;
    }
    StoreLink link = circuit.link();
    boolean turnFollows = link.turns.isBusy() || link.comingTurn.isArmed();
    if (state.needsWriteAtOnce() || !turnFollows) {
      turns.take(circuit);
    }
  }

  @Override
  public boolean isAlone() {
    return false;
  }

  @Override
  public CompletableFuture<@Nullable Attempt> claim(Circuit circuit, String token) {
    CompletableFuture<@Nullable Attempt> caller = new CompletableFuture<>();
    Claim before = circuit.link().claim.getAndSet(new Claim(token, caller, null));
    if (before != null) {
      before.caller().complete(null);
    }
    turns.take(circuit);
    return caller;
  }

  @Override
  public String newToken() {
    return tokens.next();
  }

  @Override
  public boolean hasLoaded(MachineState state) {
    return state.persisted() != null;
  }

  @Override
  public boolean knows(MachineState state) {
    return state.isKnown();
  }

  StoreHealth health() {
    return turns.health();
  }

  // --- rows that come in

  /** A row that was read: it is looked at in the circuit's next turn. */
  void observe(Circuit circuit, CircuitBreakerStoreState row) {
    StoreLink link = circuit.link();
    link.unreadable = false;
    link.see(row);
    turns.take(circuit);
  }

  /** A first reading has come: what was counted before it can be written now. */
  void loaded(Circuit circuit, CircuitBreakerStoreState row) {
    if (row.version() != 0 || !circuit.isLoadedAsNew()) {
      observe(circuit, row);
    }
  }

  /** The row can't be understood: it is left as it is, and the circuit goes on alone. */
  void unreadable(Circuit circuit) {
    circuit.link().unreadable = true;
    turns.take(circuit);
  }

  // --- the end

  @Override
  public CompletableFuture<Void> flush(CircuitRegistry registry) {
    turns.close();
    refresh.close();
    List<CompletableFuture<Void>> writes = new ArrayList<>();
    registry.forEach(
        circuit -> {
          TrialLease.release(circuit);
          MachineState s = circuit.machine();
          if (!s.isKnown() && s != MachineState.INITIAL) {
            writes.add(lastWrite(circuit));
          }
          if (circuit.hasLink()) {
            circuit.link().comingTurn.cancel();
          }
        });
    return health().isDegraded()
        ? CompletableFuture.completedFuture(null)
        : CompletableFuture.allOf(writes.toArray(CompletableFuture<?>[]::new));
  }

  private CompletableFuture<Void> lastWrite(Circuit circuit) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    circuit.link().lastWrite.set(done);
    turns.take(circuit);
    return done;
  }

  @Override
  public void close() {
    health().close();
  }
}
