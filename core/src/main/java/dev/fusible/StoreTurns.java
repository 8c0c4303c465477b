package dev.fusible;

import dev.fusible.StoreLink.Claim;
import dev.fusible.WriteResult.Stale;
import dev.fusible.WriteResult.Written;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a circuit does at the store when it has its turn: takes in the row that was seen, writes,
 * looks whether a write has happened, claims the trial. Each circuit has one operation under way at
 * most ({@link Turns}). What is written is the circuit's state at that moment, so changes that pile
 * up meanwhile coalesce into the next write.
 *
 * <p>An operation that fails, or is not answered within two seconds, leaves the store degraded
 * ({@link StoreHealth}): circuits go on from memory, and what they could not write waits. A circuit
 * that the store refuses while it serves others waits alone. A write whose answer never came may
 * have happened; each write carries an id of its own, so that the row tells.
 */
final class StoreTurns {

  /** At most two writes of counts a second for a circuit, in any second. */
  private static final Duration COUNTS_DELAY = Duration.ofMillis(600);

  /** How long a circuit waits that the store refuses while it serves others. */
  private static final Duration ALONE = Duration.ofSeconds(5);

  private final StoreOperations operations;
  private final TimeSource time;
  private final StateSharing.Tokens tokens;
  private final StoreHealth health;
  private volatile boolean closing;

  /**
   * @param probe see {@link StoreHealth}
   */
  StoreTurns(
      StoreOperations operations,
      TimeSource time,
      EventDispatcher events,
      StateSharing.Tokens tokens,
      Runnable probe) {
    this.operations = operations;
    this.time = time;
    this.tokens = tokens;
    this.health = new StoreHealth(time, events, this::take, probe);
  }

  StoreHealth health() {
    return health;
  }

  /** From now on nothing is put off: what can't be written at once is given up. */
  void close() {
    closing = true;
  }

  /** Asks for a turn of the circuit. */
  void take(Circuit circuit) {
    circuit.link().turns.take(() -> turn(circuit, circuit.link()));
  }

  private void turn(Circuit circuit, StoreLink link) {
    CircuitBreakerStoreState row = link.takeSeen();
    if (row != null && row.version() > versionOf(circuit)) {
      received(circuit, link, row);
    } else if (row != null && !isKnown(circuit, row)) {
      // Old news, or a store that was restored to an earlier time.
      link.mustLook = true;
    }
    // In this order: a claim comes after the state that it is made in, so no state is too old for
    // it.
    Claim claim = link.claim.get();
    MachineState s = circuit.machine();
    boolean degraded = health.isDegraded();
    boolean probing = health.isProbing(circuit);
    boolean begun = false;
    if (link.unreadable) {
      answerClaimFromMemory(circuit);
    } else if (degraded && !probing) {
      answerClaimFromMemory(circuit);
      if (circuit.machine().isDirty() || link.mustLook || s.persisted() == null) {
        await(circuit, true);
      }
    } else if (s.persisted() == null) {
      if (claim != null) {
        // The first reading takes the next turn, or the news that the store does not answer.
        await(circuit, degraded);
      }
    } else if (!probing && waitsAlone(circuit, link)) {
      answerClaimFromMemory(circuit);
    } else {
      begun = begin(circuit, link, s, claim);
    }
    if (!begun) {
      rest(circuit, link);
    }
  }

  private void await(Circuit circuit, boolean degraded) {
    health.await(circuit);
    if (health.isDegraded() != degraded) {
      // The news came before there was anybody to tell.
      take(circuit);
    }
  }

  /** Begins the next operation of the circuit; {@code false} if there is none. */
  private boolean begin(Circuit circuit, StoreLink link, MachineState s, @Nullable Claim claim) {
    if (link.mustLook) {
      look(circuit, link);
      return true;
    }
    if (s.needsWriteAtOnce() || (s.isDirty() && (claim != null || mayWriteCounts(circuit)))) {
      write(circuit, link, s);
      return true;
    }
    return claim != null && claimTrial(circuit, link, s, claim);
  }

  /** The turn has begun no operation: there is nothing to do, or nothing that can be done now. */
  private void rest(Circuit circuit, StoreLink link) {
    health.succeeded(circuit);
    CompletableFuture<Void> lastWrite = link.lastWrite.get();
    MachineState s = link.mustLook ? circuit.machine() : circuit.update(StoreMerge::atRest);
    boolean hopeless = link.unreadable || link.failures > 1 || health.isDegraded();
    if (lastWrite != null && (s.isKnown() || s.isEvicted() || hopeless)) {
      lastWrite.complete(null);
    }
  }

  private boolean mayWriteCounts(Circuit circuit) {
    StoreLink link = circuit.link();
    long now = time.nanoTime();
    long since = now - link.countsWrittenNanos;
    if (!link.hasWrittenCounts
        || since >= COUNTS_DELAY.toNanos()
        || health.isProbing(circuit)
        || closing) {
      link.hasWrittenCounts = true;
      link.countsWrittenNanos = now;
      return true;
    }
    takeIn(circuit, link, COUNTS_DELAY.toNanos() - since);
    return false;
  }

  /** Whether the store refuses this circuit. It is tried again now and then, but not at the end. */
  private boolean waitsAlone(Circuit circuit, StoreLink link) {
    long wait = link.triesAgainNanos - time.nanoTime();
    boolean refused = link.failures > 1 && (wait > 0 || closing);
    if (refused) {
      takeIn(circuit, link, wait);
    }
    return refused;
  }

  private void takeIn(Circuit circuit, StoreLink link, long nanos) {
    if (!closing) {
      link.comingTurn.in(nanos, time, () -> take(circuit));
    }
  }

  // --- operations: each ends in the next turn

  private <T> void ask(
      Circuit circuit,
      StoreLink link,
      Function<CircuitBreakerStore, CompletionStage<T>> operation,
      Consumer<T> answered) {
    link.turns.begin();
    operations.ask(operation, ending(circuit, link, answered));
  }

  private <T> BiConsumer<@Nullable T, @Nullable Throwable> ending(
      Circuit circuit, StoreLink link, Consumer<T> answered) {
    return (result, failure) -> {
      try {
        if (result != null) {
          answered.accept(result);
        } else {
          failed(circuit, link, failure);
        }
      } catch (RuntimeException nonsense) {
        failed(circuit, link, nonsense);
      } finally {
        link.turns.end();
        take(circuit);
      }
    };
  }

  private void failed(Circuit circuit, StoreLink link, @Nullable Throwable failure) {
    if (StoreHealth.isOfRow(failure)) {
      // The store has answered: it refuses this circuit and nobody else.
      link.failures++;
      health.succeeded(circuit);
    }
    link.failures++;
    boolean alone = link.failures > 1 && !health.isDegraded();
    link.triesAgainNanos = time.nanoTime() + (alone ? ALONE.toNanos() : 0);
    if (!alone) {
      health.failed(failure);
    }
    health.probeFailed(circuit);
  }

  private void write(Circuit circuit, StoreLink link, MachineState s) {
    String id = circuit.businessId();
    String writeId = tokens.next();
    // In doubt until it is answered.
    link.notAnswered(writeId, s);
    link.turns.begin();
    operations.askInTurn(
        store -> store.setState(id, s.toRow(id, writeId, time.nanoTime())),
        ending(
            circuit,
            link,
            result -> {
              if (result instanceof Written written) {
                circuit.acknowledged(s, written.state());
                link.movedOn();
              } else if (result instanceof Stale stale) {
                received(circuit, link, stale.current());
              }
              served(circuit, link);
            }));
  }

  /** A write was answered, which is more than a reading tells: a store may be read-only. */
  private void served(Circuit circuit, StoreLink link) {
    link.failures = 0;
    health.succeeded(circuit);
  }

  private void look(Circuit circuit, StoreLink link) {
    String id = circuit.businessId();
    ask(
        circuit,
        link,
        store -> store.getStates(List.of(id)),
        rows -> {
          CircuitBreakerStoreState row = rows.get(id);
          if (row == null) {
            throw StoreException.ofRow("row_unreadable", null);
          } else if (!isKnown(circuit, row)) {
            received(circuit, link, row);
          } else {
            link.mustLook = false;
          }
        });
  }

  /** The row is this now, whoever wrote it. */
  private static void received(Circuit circuit, StoreLink link, CircuitBreakerStoreState row) {
    MachineState own = link.writtenUnder(row.writeId());
    if (own != null) {
      circuit.acknowledged(own, row);
    } else {
      circuit.observe(row);
    }
    link.movedOn();
  }

  private static boolean isKnown(Circuit circuit, CircuitBreakerStoreState row) {
    Persisted persisted = circuit.machine().persisted();
    return persisted != null && persisted.isOf(row);
  }

  private static long versionOf(Circuit circuit) {
    Persisted persisted = circuit.machine().persisted();
    return persisted == null ? -1 : persisted.version();
  }

  private boolean claimTrial(Circuit circuit, StoreLink link, MachineState s, Claim unsent) {
    long sent = time.nanoTime();
    Claim claim = unsent.sentAt(sent);
    Trial trial = s.trial();
    boolean wanted = trial != null && trial.token().equals(claim.token());
    if (!wanted || !link.claim.compareAndSet(unsent, claim)) {
      endClaim(link, unsent);
      unsent.caller().complete(null);
      return false;
    }
    long version = Objects.requireNonNull(s.persisted()).version();
    Duration lease = StateMachine.lease(circuit.config());
    ask(
        circuit,
        link,
        store -> store.claimTrial(circuit.businessId(), version, claim.token(), lease),
        result -> {
          endClaim(link, claim);
          if (result instanceof Written written) {
            link.movedOn();
            TrialLease.granted(circuit, claim.token(), sent, written.state(), claim.caller());
          } else if (result instanceof Stale stale) {
            received(circuit, link, stale.current());
            TrialLease.refused(circuit, claim.token());
            claim.caller().complete(null);
          }
          served(circuit, link);
        });
    return true;
  }

  /** Without the store, each instance is its own judge: one trial at a time in each. */
  private void answerClaimFromMemory(Circuit circuit) {
    StoreLink link = circuit.link();
    Claim claim = link.claim.get();
    if (claim != null) {
      endClaim(link, claim);
      Long sent = claim.sentNanos();
      long since = sent == null ? time.nanoTime() : sent;
      TrialLease.granted(circuit, claim.token(), since, null, claim.caller());
    }
  }

  private static void endClaim(StoreLink link, Claim claim) {
    link.claim.compareAndSet(claim, null);
  }
}
