package dev.fusible;

import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * What a circuit needs from its first failure on. Most circuits never need it, which keeps a
 * million of them small. Thread-safe.
 */
final class Trouble {

  /** Until when an OPEN state rejects calls. */
  record Rejection(MachineState in, long untilNanos) {}

  /** What had been counted at one moment. */
  record Sum(
      long started,
      long succeeded,
      long failed,
      long timeouts,
      long spoken,
      long stateChanges,
      long lateResults) {

    static final Sum ZERO = new Sum(0, 0, 0, 0, 0, 0, 0);

    Sum startedWith(long calls) {
      return new Sum(calls, succeeded, failed, timeouts, spoken, stateChanges, lateResults);
    }

    Sum minus(Sum other) {
      return new Sum(
          started - other.started,
          succeeded - other.succeeded,
          failed - other.failed,
          timeouts - other.timeouts,
          spoken - other.spoken,
          stateChanges - other.stateChanges,
          lateResults - other.lateResults);
    }
  }

  /** After the counts, the failures that the tally's owner adds to without an atomic addition. */
  private static final int OWN_FAILED = CallMetrics.Count.values().length;

  /** By {@link CallMetrics.Count}. */
  final AtomicLongArray counts = new AtomicLongArray(OWN_FAILED + 1);

  /** Sentences, as calls that begin: an open circuit speaks one for each call. */
  final CallTally spoken = new CallTally();

  final Rotation rotation = new Rotation();

  /** What had been counted when the metrics were last reset. */
  volatile Sum zero = Sum.ZERO;

  /** Found out by any thread, and found out again by those that do not see it. */
  @Nullable Rejection rejection;

  /** One more failure, on the thread that owns the tally. */
  void failedOwn() {
    counts.setOpaque(OWN_FAILED, counts.getPlain(OWN_FAILED) + 1);
  }

  /** All failures. */
  long failed() {
    return counts.get(CallMetrics.Count.FAILED.ordinal()) + counts.getOpaque(OWN_FAILED);
  }
}
