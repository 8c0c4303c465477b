package dev.fusible;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A circuit's state changed. Immutable.
 *
 * @param businessId whose circuit; {@code upstream:} and its name for an upstream's
 * @param from the state before
 * @param to the state after
 * @param reason why: {@code failures}, {@code recovery}, {@code trial_succeeded}, {@code
 *     trial_failed}, {@code store} (another instance did it), {@code reset}, or the text given to a
 *     force
 * @param failureCount consecutive failures at the change
 * @param lastErrorCode the last failure's exception class or code; {@code null} if none
 * @param at when, by the wall clock
 */
public record StateChange(
    String businessId,
    CircuitBreakerState from,
    CircuitBreakerState to,
    String reason,
    int failureCount,
    @Nullable String lastErrorCode,
    Instant at) {}
