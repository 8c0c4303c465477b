package dev.fusible;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.Predicate;

/**
 * How a circuit behaves. Immutable and thread-safe; its predicates must be too. The constructor
 * throws {@link IllegalArgumentException} naming the field that is wrong.
 *
 * @param failureThreshold consecutive failures that open the circuit; default 5, from the
 *     specification
 * @param volumeThreshold settled requests needed since the circuit last closed before it may open;
 *     default 10, from the specification: fewer may be noise
 * @param recoveryTimeout how long the circuit stays OPEN before a trial may run; default 30 s, from
 *     the specification
 * @param timeout how long one operation may take; default 8 s, from the specification: callers on a
 *     phone do not wait longer. {@link Duration#ZERO}: no limit, and a synchronous operation runs
 *     on the calling thread
 * @param trialPatience how long the caller of a trial waits before the fallback is spoken, while
 *     the trial itself goes on to {@code timeout}; default 3 s. Without effect when {@code timeout}
 *     is zero
 * @param recoveryBackoff the factor by which {@code recoveryTimeout} grows with each failed trial
 *     in a row; default 1.0: it does not grow
 * @param maxRecoveryTimeout where the growth ends; default 5 min. Above a factor of 1, waits vary
 *     by 10 % so that instances do not try together
 * @param tripPolicy what opens the circuit; default {@link TripPolicy#consecutiveFailures()}, the
 *     specification's rule
 * @param recordFailure which exceptions count as failures; the others are ignored. Default: all but
 *     {@link CancellationException}, the caller's own cancellation
 * @param recordResult which results count as failures, although they are still returned; default:
 *     none
 */
public record CircuitBreakerConfig(
    int failureThreshold,
    int volumeThreshold,
    Duration recoveryTimeout,
    Duration timeout,
    Duration trialPatience,
    double recoveryBackoff,
    Duration maxRecoveryTimeout,
    TripPolicy tripPolicy,
    Predicate<? super Throwable> recordFailure,
    Predicate<Object> recordResult) {

  private static final Duration LONGEST = Duration.ofDays(365);

  /** Of {@link #recordResult}: none is a failure. */
  static final Predicate<Object> NO_RESULT = result -> false;

  private static final CircuitBreakerConfig DEFAULTS = builder().build();

  public CircuitBreakerConfig {
    atLeastOne("failureThreshold", failureThreshold);
    atLeastOne("volumeThreshold", volumeThreshold);
    positive("recoveryTimeout", recoveryTimeout);
    check(!timeout.isNegative(), "timeout must be zero (no limit) or longer");
    bounded("timeout", timeout);
    positive("trialPatience", trialPatience);
    positive("maxRecoveryTimeout", maxRecoveryTimeout);
    check(
        recoveryBackoff >= 1.0 && recoveryBackoff <= 100.0,
        "recoveryBackoff must be from 1.0 to 100.0");
    check(
        recoveryBackoff == 1.0 || maxRecoveryTimeout.compareTo(recoveryTimeout) >= 0,
        "maxRecoveryTimeout must not be shorter than recoveryTimeout");
    Objects.requireNonNull(tripPolicy, "tripPolicy");
    Objects.requireNonNull(recordFailure, "recordFailure");
    Objects.requireNonNull(recordResult, "recordResult");
  }

  /** The specification's values. */
  public static CircuitBreakerConfig defaults() {
    return DEFAULTS;
  }

  /** Starts from the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Starts from this configuration. */
  public Builder toBuilder() {
    return builder()
        .failureThreshold(failureThreshold)
        .volumeThreshold(volumeThreshold)
        .recoveryTimeout(recoveryTimeout)
        .timeout(timeout)
        .trialPatience(trialPatience)
        .recoveryBackoff(recoveryBackoff)
        .maxRecoveryTimeout(maxRecoveryTimeout)
        .tripPolicy(tripPolicy)
        .recordFailure(recordFailure)
        .recordResult(recordResult);
  }

  private static void atLeastOne(String field, int value) {
    check(value >= 1, field + " must be at least 1");
  }

  private static void positive(String field, Duration duration) {
    check(!duration.isNegative() && !duration.isZero(), field + " must be longer than zero");
    bounded(field, duration);
  }

  /** Longer is a mistake, and would overflow when counted in nanoseconds. */
  static void bounded(String field, Duration duration) {
    check(duration.compareTo(LONGEST) <= 0, field + " must not be longer than a year");
  }

  private static void check(boolean fine, String otherwise) {
    if (!fine) {
      throw new IllegalArgumentException(otherwise);
    }
  }

  /**
   * Collects values, from the defaults on; not thread-safe. Each method sets the component of its
   * name.
   */
  public static final class Builder {

    private int failureThreshold = 5;
    private int volumeThreshold = 10;
    private Duration recoveryTimeout = Duration.ofSeconds(30);
    private Duration timeout = Duration.ofSeconds(8);
    private Duration trialPatience = Duration.ofSeconds(3);
    private double recoveryBackoff = 1.0;
    private Duration maxRecoveryTimeout = Duration.ofMinutes(5);
    private TripPolicy tripPolicy = TripPolicy.consecutiveFailures();
    private Predicate<? super Throwable> recordFailure = e -> !(e instanceof CancellationException);
    private Predicate<Object> recordResult = NO_RESULT;

    private Builder() {}

    /** See {@link CircuitBreakerConfig#failureThreshold()}. */
    public Builder failureThreshold(int failures) {
      this.failureThreshold = failures;
      return this;
    }

    /** See {@link CircuitBreakerConfig#volumeThreshold()}. */
    public Builder volumeThreshold(int requests) {
      this.volumeThreshold = requests;
      return this;
    }

    /** See {@link CircuitBreakerConfig#recoveryTimeout()}. */
    public Builder recoveryTimeout(Duration wait) {
      this.recoveryTimeout = wait;
      return this;
    }

    /** See {@link CircuitBreakerConfig#timeout()}. */
    public Builder timeout(Duration limit) {
      this.timeout = limit;
      return this;
    }

    /** See {@link CircuitBreakerConfig#trialPatience()}. */
    public Builder trialPatience(Duration patience) {
      this.trialPatience = patience;
      return this;
    }

    /** See {@link CircuitBreakerConfig#recoveryBackoff()}. */
    public Builder recoveryBackoff(double factor) {
      this.recoveryBackoff = factor;
      return this;
    }

    /** See {@link CircuitBreakerConfig#maxRecoveryTimeout()}. */
    public Builder maxRecoveryTimeout(Duration wait) {
      this.maxRecoveryTimeout = wait;
      return this;
    }

    /** See {@link CircuitBreakerConfig#tripPolicy()}. */
    public Builder tripPolicy(TripPolicy policy) {
      this.tripPolicy = policy;
      return this;
    }

    /** See {@link CircuitBreakerConfig#recordFailure()}. */
    public Builder recordFailure(Predicate<? super Throwable> predicate) {
      this.recordFailure = predicate;
      return this;
    }

    /** See {@link CircuitBreakerConfig#recordResult()}. */
    public Builder recordResult(Predicate<Object> predicate) {
      this.recordResult = predicate;
      return this;
    }

    /** Checks and builds; {@link IllegalArgumentException} names the field that is wrong. */
    public CircuitBreakerConfig build() {
      return new CircuitBreakerConfig(
          failureThreshold,
          volumeThreshold,
          recoveryTimeout,
          timeout,
          trialPatience,
          recoveryBackoff,
          maxRecoveryTimeout,
          tripPolicy,
          recordFailure,
          recordResult);
    }
  }
}
