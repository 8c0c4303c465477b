package dev.fusible.gateway;

import dev.fusible.FallbackResponses;
import dev.fusible.FallbackType;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Understands a business's own sentences, and whether its callers hear their language. */
final class FallbackReader {

  private static final String PHONE = "{phone}";

  private final FallbackResponses.Builder builder = FallbackResponses.builder();
  private final Map<FallbackType, Set<String>> spoken = new EnumMap<>(FallbackType.class);
  private final boolean phoneKnown;
  private boolean any;

  private FallbackReader(boolean phoneKnown) {
    this.phoneKnown = phoneKnown;
  }

  /**
   * Reads {@code fallbacks} of a business.
   *
   * @param language the business's; {@code null} for the default
   * @return {@code null} if it has none of its own
   */
  static @Nullable FallbackResponses read(Section business, @Nullable String language) {
    FallbackReader reader = new FallbackReader(business.has("phone"));
    Section fallbacks = business.section("fallbacks");
    for (String tag : fallbacks.keys()) {
      reader.language(fallbacks, tag);
    }
    if (language != null) {
      reader.complainOfSilence(business, language);
    }
    return reader.any ? reader.builder.build() : null;
  }

  private void language(Section fallbacks, String tag) {
    Section section = fallbacks.named(tag);
    try {
      String language = Values.language(tag);
      for (FallbackType type : FallbackType.values()) {
        sentences(section, language, type);
      }
    } catch (Wrong wrong) {
      fallbacks.complain(tag, wrong.instead());
    }
  }

  private void sentences(Section section, String language, FallbackType type) {
    String key = key(type);
    List<String> sentences = section.list(key, text -> sentence(text, language, type));
    if (section.isEmptyList(key)) {
      section.complain(key, "has no sentence; write one, or remove the key");
    }
    if (sentences.isEmpty()) {
      return;
    }
    builder.sentence(language, type, sentences.toArray(String[]::new));
    any = true;
    if (phoneKnown || sentences.stream().anyMatch(sentence -> !sentence.contains(PHONE))) {
      spoken.computeIfAbsent(type, unused -> new HashSet<>()).add(family(language));
    }
  }

  /** What may be said is the core's to judge. */
  private static String sentence(String text, String language, FallbackType type) throws Wrong {
    try {
      FallbackResponses.builder().sentence(language, type, text);
      return text;
    } catch (IllegalArgumentException refused) {
      throw new Wrong(String.valueOf(refused.getMessage()).replaceFirst("^.*, variant 1: ", ""));
    }
  }

  private void complainOfSilence(Section business, String language) {
    String missing =
        Set.of(FallbackType.values()).stream()
            .filter(type -> !isSpoken(type, language))
            .map(FallbackReader::key)
            .sorted()
            .collect(Collectors.joining(", "));
    if (!missing.isEmpty()) {
      business.complain(
          "language",
          "has no sentence to say ("
              + missing
              + "); write them under fallbacks, or choose a language of es or en");
    }
  }

  private boolean isSpoken(FallbackType type, String language) {
    String builtIn = FallbackResponses.builtIn().getFallbackResponse(type, language).language();
    return family(builtIn).equals(family(language))
        || spoken.getOrDefault(type, Set.of()).contains(family(language));
  }

  private static String family(String language) {
    return Locale.forLanguageTag(language).getLanguage();
  }

  /** As the specification names it. */
  private static String key(FallbackType type) {
    return switch (type) {
      case SYSTEM_ERROR -> "systemError";
      case TIMEOUT -> "timeout";
      case CIRCUIT_OPEN -> "circuitOpen";
    };
  }
}
