package dev.fusible;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The timers of a trial: its time limit, and how long its caller waits. Timers are armed before the
 * operation starts, so that no operation can outrun its limit, and called off when the attempt
 * settles, so that none is left behind.
 *
 * @param limit the attempt's
 * @param patience its caller's
 */
record TimeLimit(Cancellable limit, Cancellable patience) implements Cancellable {

  /**
   * Arms the timers of an attempt, of which only a trial has two; {@code null} where the
   * configuration sets no limit.
   *
   * @param startNanos when the caller began to wait: what it waited for the store is part of its
   *     patience, but leaves the operation its whole time
   */
  static @Nullable Cancellable arm(
      Attempt attempt, long startNanos, Runnable onLimit, Runnable onPatience) {
    Circuit circuit = attempt.circuit();
    if (circuit.isUnlimited()) {
      return null;
    }
    TimeSource time = circuit.context().time();
    Duration timeout = circuit.config().timeout();
    Cancellable limit = time.schedule(onLimit, timeout);
    if (!attempt.isTrial()) {
      return limit;
    }
    Duration longest = circuit.config().trialPatience();
    Duration patience = longest.compareTo(timeout) < 0 ? longest : timeout;
    Duration left = patience.minusNanos(time.nanoTime() - startNanos);
    return left.compareTo(timeout) < 0
        ? new TimeLimit(limit, time.schedule(onPatience, left))
        : limit;
  }

  @Override
  public void cancel() {
    limit.cancel();
    patience.cancel();
  }
}
