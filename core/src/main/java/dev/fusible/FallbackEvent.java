package dev.fusible;

import java.time.Instant;

/**
 * A sentence was given in place of an answer. Immutable.
 *
 * @param businessId whose circuit; {@code upstream:} and its name for an upstream's
 * @param type why
 * @param language the tag of the text that was chosen
 * @param at when, by the wall clock
 */
public record FallbackEvent(String businessId, FallbackType type, String language, Instant at) {}
