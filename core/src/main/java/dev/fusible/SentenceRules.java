package dev.fusible;

import java.util.ArrayList;
import java.util.IllformedLocaleException;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a sentence must be to be spoken, so that a bad one is refused when it is configured. */
final class SentenceRules {

  static final int MOST_WORDS = 20;
  static final double MOST_SECONDS = 7;

  /** A voice says 155 words a minute; in such sentences one has seven characters with its space. */
  private static final double CHARACTERS_PER_SECOND = 155 * 7 / 60.0;

  /** A digit is said as a short word of its own, of four characters. */
  private static final int CHARACTERS_PER_DIGIT = 4;

  private static final String SOME_NUMBER = "55 1234 5678";

  private static final Pattern PLACEHOLDER = Pattern.compile("\\{[^{}]*}?|}");
  private static final Pattern SPACE = Pattern.compile("\\s+");

  private SentenceRules() {}

  /** The tag as it is written in what callers get. */
  static String checkedTag(@Nullable String language, FallbackType type) {
    try {
      Locale locale = new Locale.Builder().setLanguageTag(language == null ? "" : language).build();
      if (!locale.getLanguage().isEmpty()) {
        return locale.toLanguageTag();
      }
    } catch (IllformedLocaleException malformed) {
      // Said below, with the fix.
    }
    throw new IllegalArgumentException(
        "Fallback sentences for "
            + type
            + ": '"
            + language
            + "' is no language tag; write one such as es-MX or fr");
  }

  /** The variants, stripped, without repetitions. */
  static List<String> checked(
      String language, FallbackType type, List<? extends @Nullable String> variants) {
    String which = "Fallback sentences for " + language + " " + type;
    if (variants.isEmpty()) {
      throw new IllegalArgumentException(which + ": there are none; give at least one");
    }
    List<String> checked = new ArrayList<>();
    for (String variant : variants) {
      String text = variant == null ? "" : variant.strip();
      String fault = fault(text);
      if (fault != null) {
        throw new IllegalArgumentException(
            which + ", variant " + (checked.size() + 1) + ": " + fault);
      }
      checked.add(text);
    }
    return checked.stream().distinct().toList();
  }

  /** What is wrong with a sentence, and the fix; {@code null} for nothing. */
  static @Nullable String fault(String text) {
    if (text.codePoints().noneMatch(Character::isLetterOrDigit)) {
      return "has nothing to say; write a sentence";
    }
    if (text.codePoints().anyMatch(SentenceRules::isUnspeakable)) {
      return "has a line break or another control character; write it on one line";
    }
    Matcher stray = PLACEHOLDER.matcher(text.replace(Sentences.PHONE, ""));
    if (stray.find()) {
      return "unknown placeholder " + stray.group() + "; {phone} is the only one";
    }
    String said = text.replace(Sentences.PHONE, SOME_NUMBER);
    int words = SPACE.split(said).length;
    if (words > MOST_WORDS) {
      return words + " words; shorten it to " + MOST_WORDS;
    }
    double seconds = seconds(said);
    if (seconds > MOST_SECONDS) {
      return String.format(
          Locale.ROOT, "takes %.1f s to say; shorten it to %.0f s", seconds, MOST_SECONDS);
    }
    return null;
  }

  private static double seconds(String said) {
    long digits = said.codePoints().filter(Character::isDigit).count();
    return (said.length() + digits * (CHARACTERS_PER_DIGIT - 1)) / CHARACTERS_PER_SECOND;
  }

  private static boolean isUnspeakable(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          true;
      default -> false;
    };
  }
}
