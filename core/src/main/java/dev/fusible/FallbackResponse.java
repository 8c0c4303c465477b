package dev.fusible;

/**
 * One sentence to speak in place of an answer. Immutable.
 *
 * @param text what to say
 * @param language the BCP 47 tag of the text that was chosen, which may be broader than the one
 *     asked for
 * @param type why it is spoken
 */
public record FallbackResponse(String text, String language, FallbackType type) {}
