package dev.fusible;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One circuit's line to the store: at most one operation of a circuit is under way. The fields
 * without a type of their own for concurrency belong to whoever has the turn, or ends the operation
 * under way.
 */
final class StoreLink {

  private static final int MOST_UNANSWERED = 16;

  /**
   * A caller, or nobody any more, waits for the trial.
   *
   * @param sentNanos when the store was asked; {@code null} if it was not yet. From then on the
   *     lease may run, whether or not an answer comes
   */
  record Claim(
      String token, CompletableFuture<@Nullable Attempt> caller, @Nullable Long sentNanos) {

    Claim sentAt(long nanos) {
      return new Claim(token, caller, nanos);
    }
  }

  /** A write whose answer never came: it may have happened, or may yet happen. */
  private record Unanswered(String writeId, MachineState written) {}

  final Turns turns = new Turns();
  final AtomicReference<@Nullable Claim> claim = new AtomicReference<>();

  /** The newest row that has come and was not yet looked at. */
  private final AtomicReference<@Nullable CircuitBreakerStoreState> seen = new AtomicReference<>();

  /** Completed when the circuit has nothing left to write, while the process closes. */
  final AtomicReference<@Nullable CompletableFuture<Void>> lastWrite = new AtomicReference<>();

  /** Whether the circuit is among those that wait for the store. */
  final AtomicBoolean waits = new AtomicBoolean();

  final ComingTurn comingTurn = new ComingTurn();

  /** Whether the row can't be understood, so that it must not be written over. */
  volatile boolean unreadable;

  private final Deque<Unanswered> unanswered = new ArrayDeque<>(0);

  /** Whether the row must be looked at before it is written again. */
  boolean mustLook;

  boolean hasWrittenCounts;
  long countsWrittenNanos;

  /** Operations that have failed since one succeeded. */
  int failures;

  /** When an operation may be tried again after the store refused this circuit alone. */
  long triesAgainNanos;

  void see(CircuitBreakerStoreState row) {
    seen.accumulateAndGet(
        row, (old, present) -> old != null && old.version() > row.version() ? old : present);
  }

  @Nullable CircuitBreakerStoreState takeSeen() {
    return seen.getAndSet(null);
  }

  void notAnswered(String writeId, MachineState written) {
    mustLook = true;
    if (unanswered.size() == MOST_UNANSWERED) {
      unanswered.removeFirst();
    }
    unanswered.addLast(new Unanswered(writeId, written));
  }

  /** What was written under this id if no answer came to it; {@code null} for any other id. */
  @Nullable MachineState writtenUnder(String writeId) {
    for (Unanswered write : unanswered) {
      if (write.writeId().equals(writeId)) {
        return write.written();
      }
    }
    return null;
  }

  /** The row has moved on: what was not answered either is in it, or can't happen any more. */
  void movedOn() {
    mustLook = false;
    unanswered.clear();
  }

  /** Whether nothing is under way, waited for or in doubt. */
  boolean isIdle() {
    return turns.isIdle() && claim.get() == null && unanswered.isEmpty();
  }
}
