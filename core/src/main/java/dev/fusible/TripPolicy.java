package dev.fusible;

import java.time.Duration;

/**
 * What opens a CLOSED circuit, once {@code volumeThreshold} requests have settled. Immutable. Rates
 * are judged by each instance on the calls it saw itself; what instances share is the transition.
 */
public sealed interface TripPolicy permits ConsecutiveFailures, Rate {

  /**
   * Opens after {@code failureThreshold} failures in a row: the specification's rule, and the
   * default.
   */
  static TripPolicy consecutiveFailures() {
    return ConsecutiveFailures.INSTANCE;
  }

  /**
   * Opens when at least {@code rate} (above 0, up to 1) of the last {@code calls} (1 to 1,024)
   * failed.
   */
  static TripPolicy failureRate(double rate, int calls) {
    return new Rate(rate, calls, Duration.ZERO, Duration.ZERO);
  }

  /**
   * Opens when at least {@code rate} of the calls settled within the last {@code period} (1 ms or
   * more) failed.
   */
  static TripPolicy failureRate(double rate, Duration period) {
    return new Rate(rate, 0, period, Duration.ZERO);
  }

  /**
   * Opens when at least {@code rate} of the last {@code calls} failed or took longer than {@code
   * slowerThan}. A trial that is slow fails.
   */
  static TripPolicy slowCalls(double rate, Duration slowerThan, int calls) {
    return new Rate(rate, calls, Duration.ZERO, positive("slowerThan", slowerThan));
  }

  /**
   * As {@link #slowCalls(double, Duration, int)}, over the calls settled within the last {@code
   * period}.
   */
  static TripPolicy slowCalls(double rate, Duration slowerThan, Duration period) {
    return new Rate(rate, 0, period, positive("slowerThan", slowerThan));
  }

  private static Duration positive(String field, Duration duration) {
    if (duration.isNegative() || duration.isZero()) {
      throw new IllegalArgumentException(field + " must be longer than zero");
    }
    return duration;
  }
}
