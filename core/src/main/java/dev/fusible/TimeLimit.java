package dev.fusible;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The timers of one attempt: its time limit and, for a trial, how long its caller waits. Armed
 * before the operation starts, so that no operation can outrun its limit; called off when the
 * attempt settles, so that none is left behind.
 */
final class TimeLimit {

  private final Cancellable limit;
  private final @Nullable Cancellable patience;

  private TimeLimit(Cancellable limit, @Nullable Cancellable patience) {
    this.limit = limit;
    this.patience = patience;
  }

  /**
   * Arms the timers; {@code null} where the configuration sets no limit.
   *
   * @param startNanos when the caller began to wait: what it waited for the store is part of its
   *     patience, but leaves the operation its whole time
   */
  static @Nullable TimeLimit arm(
      Attempt attempt, long startNanos, Runnable onLimit, Runnable onPatience) {
    Circuit circuit = attempt.circuit();
    Duration timeout = circuit.config().timeout();
    if (timeout.isZero()) {
      return null;
    }
    TimeSource time = circuit.context().time();
    Duration longest = circuit.config().trialPatience();
    Duration patience = longest.compareTo(timeout) < 0 ? longest : timeout;
    Duration left = patience.minusNanos(time.nanoTime() - startNanos);
    boolean impatient = attempt.isTrial() && left.compareTo(timeout) < 0;
    return new TimeLimit(
        time.schedule(onLimit, timeout), impatient ? time.schedule(onPatience, left) : null);
  }

  void disarm() {
    limit.cancel();
    if (patience != null) {
      patience.cancel();
    }
  }
}
