package dev.fusible;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An operation settled. Immutable.
 *
 * @param businessId whose circuit; {@code upstream:} and its name for an upstream's
 * @param elapsed how long the operation took, or was waited for
 * @param timeout whether it took longer than its limit
 * @param error what it threw; {@code null} for a success, a timeout, or a result that counts as a
 *     failure. It may carry private data in its message: log its class at most
 * @param at when, by the wall clock
 */
public record CallEvent(
    String businessId, Duration elapsed, boolean timeout, @Nullable Throwable error, Instant at) {}
