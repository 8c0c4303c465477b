package dev.fusible;

import java.time.Instant;

/**
 * The store stopped answering, or answers again. Immutable.
 *
 * @param degraded {@code true} when circuits go on from memory, {@code false} when the store is
 *     back
 * @param errorCode what failed, as in {@link StoreException#code()}; {@code recovered} when the
 *     store is back
 * @param at when, by the wall clock
 */
public record StoreEvent(boolean degraded, String errorCode, Instant at) {}
