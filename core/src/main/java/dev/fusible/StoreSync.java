package dev.fusible;

import dev.fusible.StoreLink.Claim;
import dev.fusible.StoreLink.Unacknowledged;
import dev.fusible.WriteResult.Stale;
import dev.fusible.WriteResult.Written;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Writes behind what circuits change, and claims trials. No caller is ever here: every operation of
 * the store is started on the worker and answered on the store's own thread, so a store that hangs
 * holds up nobody.
 *
 * <p>Each circuit has one operation under way at most. What is written is the circuit's state at
 * that moment, so changes that pile up meanwhile coalesce into the next write. An operation that
 * fails, or is not answered within two seconds, leaves the store degraded ({@link StoreHealth}):
 * circuits go on from memory, and what they could not write waits. A write whose answer never came
 * may have happened; each write carries an id of its own, so that the row tells.
 */
final class StoreSync implements StateSharing {

  /** At most two writes of counts a second for a circuit, in any second. */
  private static final Duration COUNTS_DELAY = Duration.ofMillis(600);

  private final StoreOperations operations;
  private final TimeSource time;
  private final StoreHealth health;
  private final StoreRefresh refresh;
  private final Tokens tokens = new Tokens();

  StoreSync(
      StoreOperations operations,
      TimeSource time,
      EventDispatcher events,
      CircuitRegistry registry,
      Duration refreshEvery) {
    this.operations = operations;
    this.time = time;
    this.refresh = new StoreRefresh(this, operations, time, registry, refreshEvery);
    this.health = new StoreHealth(time, events, this::take, refresh::probe);
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
    if (state.isDirty()) {
      take(circuit);
    }
  }

  @Override
  public CompletableFuture<@Nullable Attempt> claim(Circuit circuit, String token) {
    CompletableFuture<@Nullable Attempt> caller = new CompletableFuture<>();
    circuit.link().claim.set(new Claim(token, caller));
    take(circuit);
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
    return state.persisted() != null && !state.isDirty();
  }

  StoreHealth health() {
    return health;
  }

  /** Asks for a turn of the circuit; whoever has it already takes the next one too. */
  void take(Circuit circuit) {
    if (circuit.link().turns.getAndIncrement() == 0) {
      turn(circuit);
    }
  }

  private void turn(Circuit circuit) {
    StoreLink link = circuit.link();
    link.turns.set(1);
    MachineState s = circuit.machine();
    Claim claim = link.claim.get();
    if (s.isEvicted()) {
      finish(circuit);
    } else if (link.unreadable || (health.isDegraded() && !health.isProbing(circuit))) {
      health.await(circuit);
      answerClaimFromMemory(circuit);
      finish(circuit);
    } else if (s.persisted() == null) {
      health.await(circuit);
      finish(circuit);
    } else if (link.unacknowledged != null) {
      readAgain(circuit, link.unacknowledged);
    } else if (s.needsWriteAtOnce()
        || (s.isDirty()
            && (claim != null
                || health.isProbing(circuit)
                || link.lastWrite.get() != null
                || mayWriteCounts(circuit)))) {
      write(circuit, s);
    } else if (claim != null) {
      claimTrial(circuit, s, claim);
    } else {
      finish(circuit);
    }
  }

  /** Ends a turn: another begins if one was asked for meanwhile. */
  private void finish(Circuit circuit) {
    StoreLink link = circuit.link();
    CompletableFuture<Void> lastWrite = link.lastWrite.get();
    if (lastWrite != null && (!circuit.machine().isDirty() || health.isDegraded())) {
      lastWrite.complete(null);
    }
    CircuitBreakerStoreState row = link.seen.getAndSet(null);
    if (row != null && link.unacknowledged == null) {
      observeNewer(circuit, row);
    }
    if (!link.turns.compareAndSet(1, 0)) {
      turn(circuit);
    }
  }

  private boolean mayWriteCounts(Circuit circuit) {
    StoreLink link = circuit.link();
    long now = time.nanoTime();
    long since = now - link.countsWrittenNanos;
    if (!link.hasWrittenCounts || since >= COUNTS_DELAY.toNanos()) {
      link.hasWrittenCounts = true;
      link.countsWrittenNanos = now;
      return true;
    }
    if (link.flushIsScheduled.compareAndSet(false, true)) {
      Cancellable unneeded =
          time.schedule(
              () -> {
                link.flushIsScheduled.set(false);
                take(circuit);
              },
              Duration.ofNanos(COUNTS_DELAY.toNanos() - since));
      Objects.requireNonNull(unneeded);
    }
    return false;
  }

  private void write(Circuit circuit, MachineState s) {
    String writeId = newToken();
    operations.ask(
        store ->
            store.setState(
                circuit.businessId(), s.toRow(circuit.businessId(), writeId, time.nanoTime())),
        (result, failure) -> {
          if (result != null) {
            written(circuit, s, result);
          } else {
            circuit.link().unacknowledged = new Unacknowledged(writeId, s);
            failed(circuit, failure);
          }
        });
  }

  private void written(Circuit circuit, MachineState s, WriteResult result) {
    StoreLink link = circuit.link();
    Unacknowledged lost = link.lost;
    link.lost = null;
    if (result instanceof Written written) {
      circuit.acknowledged(s, written.state());
    } else if (result instanceof Stale stale) {
      if (lost != null && stale.current().writeId().equals(lost.writeId())) {
        circuit.acknowledged(lost.written(), stale.current());
      } else {
        circuit.observe(stale.current());
      }
    }
    health.succeeded(circuit);
    again(circuit);
  }

  private void readAgain(Circuit circuit, Unacknowledged lost) {
    String id = circuit.businessId();
    operations.ask(
        store -> store.getStates(List.of(id)),
        (rows, failure) -> {
          if (rows == null) {
            failed(circuit, failure);
            return;
          }
          circuit.link().unacknowledged = null;
          // It may still be on its way: then the next write will find its row.
          circuit.link().lost = lost;
          CircuitBreakerStoreState row = rows.get(id);
          if (row != null && row.writeId().equals(lost.writeId())) {
            circuit.acknowledged(lost.written(), row);
          } else if (row != null && row.version() != versionOf(circuit)) {
            circuit.observe(row);
          }
          health.succeeded(circuit);
          again(circuit);
        });
  }

  private static long versionOf(Circuit circuit) {
    Persisted persisted = circuit.machine().persisted();
    return persisted == null ? -1 : persisted.version();
  }

  private void claimTrial(Circuit circuit, MachineState s, Claim claim) {
    Trial trial = s.trial();
    if (trial == null || !trial.token().equals(claim.token())) {
      endClaim(circuit, claim);
      claim.caller().complete(null);
      finish(circuit);
      return;
    }
    long sent = time.nanoTime();
    long version = Objects.requireNonNull(s.persisted()).version();
    operations.ask(
        store ->
            store.claimTrial(
                circuit.businessId(), version, claim.token(), StateMachine.lease(circuit.config())),
        (result, failure) -> {
          if (result == null) {
            failed(circuit, failure);
            return;
          }
          endClaim(circuit, claim);
          if (result instanceof Written written) {
            circuit.trialGranted(claim.token(), sent, written.state(), claim.caller());
          } else if (result instanceof Stale stale) {
            circuit.observe(stale.current());
            circuit.trialRefused(claim.token());
            claim.caller().complete(null);
          }
          health.succeeded(circuit);
          again(circuit);
        });
  }

  /** Without the store, each instance is its own judge: one trial at a time in each. */
  private void answerClaimFromMemory(Circuit circuit) {
    Claim claim = circuit.link().claim.get();
    if (claim != null) {
      endClaim(circuit, claim);
      circuit.trialGranted(claim.token(), time.nanoTime(), null, claim.caller());
    }
  }

  private static void endClaim(Circuit circuit, Claim claim) {
    circuit.link().claim.compareAndSet(claim, null);
  }

  private void again(Circuit circuit) {
    circuit.link().turns.incrementAndGet();
    finish(circuit);
  }

  private void failed(Circuit circuit, @Nullable Throwable failure) {
    health.failed(failure);
    if (health.isProbing(circuit)) {
      health.probeFailed(circuit);
    }
    health.await(circuit);
    answerClaimFromMemory(circuit);
    finish(circuit);
  }

  /**
   * Takes in a row that another instance wrote, at once or when the circuit's operation has ended.
   */
  void observe(Circuit circuit, CircuitBreakerStoreState row) {
    if (tokens.isOwn(row.writeId())) {
      return;
    }
    StoreLink link = circuit.link();
    link.seen.set(row);
    if (link.turns.getAndIncrement() == 0) {
      link.turns.set(1);
      finish(circuit);
    }
  }

  private static void observeNewer(Circuit circuit, CircuitBreakerStoreState row) {
    if (row.version() > versionOf(circuit)) {
      circuit.observe(row);
    }
  }

  /** A first reading has come: what was counted before it can be written now. */
  void loaded(Circuit circuit, CircuitBreakerStoreState row) {
    observeNewer(circuit, row);
    if (circuit.machine().isDirty() || circuit.hasLink()) {
      take(circuit);
    }
  }

  /** The row can't be understood: it is left as it is, and the circuit goes on alone. */
  void unreadable(Circuit circuit) {
    circuit.link().unreadable = true;
    take(circuit);
  }

  @Override
  public CompletableFuture<Void> flush(CircuitRegistry registry) {
    refresh.close();
    List<Circuit> left = new ArrayList<>();
    registry.forEach(
        circuit -> {
          circuit.releaseTrial();
          if (circuit.machine().isDirty()) {
            left.add(circuit);
          }
        });
    if (left.isEmpty() || health.isDegraded()) {
      return CompletableFuture.completedFuture(null);
    }
    CompletableFuture<?>[] writes =
        left.stream().map(this::lastWrite).toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(writes);
  }

  private CompletableFuture<Void> lastWrite(Circuit circuit) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    circuit.link().lastWrite.set(done);
    take(circuit);
    return done;
  }

  @Override
  public void close() {
    health.close();
  }
}
