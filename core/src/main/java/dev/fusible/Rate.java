package dev.fusible;

import java.time.Duration;

/**
 * Opens on a share of bad calls.
 *
 * @param rate the share that opens the circuit
 * @param calls how many calls the window holds; 0 for a window of time
 * @param period how long the window of time is; zero for a window of calls
 * @param slowerThan successes that took longer are bad too; zero: only failures are
 */
record Rate(double rate, int calls, Duration period, Duration slowerThan) implements TripPolicy {

  static final int MOST_CALLS = 1_024;

  Rate {
    if (!(rate > 0 && rate <= 1)) {
      throw new IllegalArgumentException("rate must be above 0 and at most 1");
    }
    if (period.isZero() && (calls < 1 || calls > MOST_CALLS)) {
      throw new IllegalArgumentException("calls must be from 1 to " + MOST_CALLS);
    }
    CircuitBreakerConfig.bounded("period", period);
    CircuitBreakerConfig.bounded("slowerThan", slowerThan);
    if (!period.isZero() && period.toMillis() < 1) {
      throw new IllegalArgumentException("period must be at least 1 ms");
    }
  }

  boolean isSlow(long elapsedNanos) {
    return !slowerThan.isZero() && elapsedNanos > slowerThan.toNanos();
  }

  @Override
  public String toString() {
    String window = period.isZero() ? "the last " + calls + " calls" : "calls within " + period;
    return "rate "
        + rate
        + " of "
        + window
        + (slowerThan.isZero() ? "" : ", slow above " + slowerThan);
  }
}
