package dev.fusible;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A circuit as this process sees it at one moment, for operators. Immutable.
 *
 * @param state the state
 * @param failureCount consecutive failures
 * @param hold whether an operator holds the state
 * @param retryAfter how long until a trial may run; zero when it may; {@code null} unless OPEN by
 *     its own rules
 * @param lastStateChange when the state last changed; {@code null} if it never did
 * @param lastErrorCode the last failure's exception class or code; {@code null} if none
 */
public record CircuitSnapshot(
    CircuitBreakerState state,
    int failureCount,
    Hold hold,
    @Nullable Duration retryAfter,
    @Nullable Instant lastStateChange,
    @Nullable String lastErrorCode) {}
