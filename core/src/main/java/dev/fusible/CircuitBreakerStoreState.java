package dev.fusible;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One circuit's row in a store. Immutable. All ages are durations by the store's own clock, so that
 * instances never compare wall clocks.
 *
 * @param businessId whose circuit it is
 * @param state the state
 * @param failureCount consecutive failures
 * @param requestCount requests settled since the circuit last closed; may undercount, as successes
 *     are not written
 * @param generation rises by one with each transition
 * @param version rises by one with each write; 0 for a row that was never written. In {@code
 *     setState} it is the version that the state was derived from
 * @param openedFor how long ago the circuit opened; {@code null} unless OPEN
 * @param failedTrials trials that failed in a row, for the back-off
 * @param lastStateChange when the state last changed, for display; {@code null} if it never did
 * @param lastErrorCode what the last failure was: an exception's class or a code; {@code null} if
 *     none
 * @param hold whether an operator holds the state
 * @param trialToken who holds the trial; {@code null} if nobody does
 * @param trialRemaining how long the lease still lasts; zero when it ran out or nobody holds it
 * @param writeId names the write that made this version, so that a writer whose acknowledgement was
 *     lost knows its own row again; empty for a row that was never written
 * @param evidence whose calls an upstream's circuit has seen; {@link Evidence#NONE} for a
 *     business's
 */
public record CircuitBreakerStoreState(
    String businessId,
    CircuitBreakerState state,
    int failureCount,
    int requestCount,
    long generation,
    long version,
    @Nullable Duration openedFor,
    int failedTrials,
    @Nullable Instant lastStateChange,
    @Nullable String lastErrorCode,
    Hold hold,
    @Nullable String trialToken,
    Duration trialRemaining,
    String writeId,
    Evidence evidence) {

  /** A row without evidence, as every business's is. */
  public CircuitBreakerStoreState(
      String businessId,
      CircuitBreakerState state,
      int failureCount,
      int requestCount,
      long generation,
      long version,
      @Nullable Duration openedFor,
      int failedTrials,
      @Nullable Instant lastStateChange,
      @Nullable String lastErrorCode,
      Hold hold,
      @Nullable String trialToken,
      Duration trialRemaining,
      String writeId) {
    this(
        businessId,
        state,
        failureCount,
        requestCount,
        generation,
        version,
        openedFor,
        failedTrials,
        lastStateChange,
        lastErrorCode,
        hold,
        trialToken,
        trialRemaining,
        writeId,
        Evidence.NONE);
  }

  public CircuitBreakerStoreState {
    Objects.requireNonNull(businessId, "businessId");
    Objects.requireNonNull(state, "state");
    Objects.requireNonNull(hold, "hold");
    Objects.requireNonNull(trialRemaining, "trialRemaining");
    Objects.requireNonNull(writeId, "writeId");
  }

  /** The CLOSED state of a business that no store has a row for: version 0, counts zero. */
  public static CircuitBreakerStoreState initial(String businessId) {
    return new CircuitBreakerStoreState(
        businessId,
        CircuitBreakerState.CLOSED,
        0,
        0,
        0,
        0,
        null,
        0,
        null,
        null,
        Hold.NONE,
        null,
        Duration.ZERO,
        "");
  }
}
