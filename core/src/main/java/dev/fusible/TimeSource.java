package dev.fusible;

import java.time.Duration;
import java.time.Instant;

/**
 * Where all time comes from: limits, waits, refreshes and delays. Implementations are thread-safe.
 * Tests use {@code ManualTime} of the testkit, so that nothing sleeps.
 */
public interface TimeSource {

  /** A monotonic reading in nanoseconds; only differences between readings mean anything. */
  long nanoTime();

  /** The wall clock, for display only: no decision is taken on it. */
  Instant now();

  /**
   * Runs {@code task} once, {@code delay} from now, on a thread of the time source. The task must
   * be short and must not block. A delay of zero or less is due at once. What the task throws is
   * dropped.
   */
  Cancellable schedule(Runnable task, Duration delay);

  /** The machine's clocks, and one daemon timer thread shared by the process. */
  static TimeSource system() {
    return SystemTimeSource.INSTANCE;
  }
}
