package dev.fusible;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a circuit did in this process since it was created or its metrics were reset. An immutable
 * reading, not atomic over its fields while calls run.
 *
 * @param totalExecutions operations started
 * @param successfulExecutions operations that succeeded
 * @param failedExecutions operations that failed, timeouts included
 * @param timeouts operations that took longer than their limit
 * @param fallbacksServed sentences given in place of an answer
 * @param stateChanges transitions seen by this process
 * @param lateResults results that came after their attempt had lost its say; they count nowhere
 *     else
 * @param successRate the share of settled operations that succeeded; 0.0 when none settled
 * @param failureRate the share of settled operations that failed; 0.0 when none settled
 * @param currentState the state now
 * @param lastStateChange when the state last changed; {@code null} if it never did
 */
public record CircuitBreakerMetrics(
    long totalExecutions,
    long successfulExecutions,
    long failedExecutions,
    long timeouts,
    long fallbacksServed,
    long stateChanges,
    long lateResults,
    double successRate,
    double failureRate,
    CircuitBreakerState currentState,
    @Nullable Instant lastStateChange) {}
