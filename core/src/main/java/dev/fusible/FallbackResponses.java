package dev.fusible;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What callers hear in place of an answer: short, friendly sentences by language and type, built in
 * for es-MX and en-US. Thread-safe; the sentences are immutable, and only which one comes next is
 * remembered.
 *
 * <p>A language is looked up as in RFC 4647: {@code es-AR}, then {@code es}, then any other of the
 * family ({@code es-MX}), then whatever is the next choice, and {@code en-US} at last. A sentence
 * of one's own is preferred to one built in wherever both would do.
 */
public final class FallbackResponses {

  private static final String LAST_RESORT = "en-US";

  /** Longer tags exist, but none that anybody speaks (RFC 5646, section 4.4.1). */
  private static final int LONGEST_TAG = 35;

  /** More than any number needs, also when written out in words. */
  private static final int LONGEST_PHONE = 60;

  private static final FallbackResponses BUILT_IN = new FallbackResponses(Map.of());

  private final Map<FallbackType, Map<String, Sentences>> own;
  private final ConcurrentHashMap<Sentences, Rotation> rotations = new ConcurrentHashMap<>();

  private FallbackResponses(Map<FallbackType, Map<String, Sentences>> own) {
    this.own = own;
  }

  /** The sentences built in, for es-MX and en-US. */
  public static FallbackResponses builtIn() {
    return BUILT_IN;
  }

  /** Starts from the sentences built in. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * A sentence in {@code language}, or in the nearest language there is. Never throws for a
   * language, whatever it is. Two answers in a row for the same type and language differ, unless
   * the only sentence for them is a single one of one's own.
   *
   * @param type why there is no answer
   * @param language a BCP 47 tag; unknown ones, and {@code null}, are answered in en-US
   */
  public FallbackResponse getFallbackResponse(FallbackType type, @Nullable String language) {
    Sentences found = find(type, language == null ? List.of() : List.of(language), null);
    return rotations.computeIfAbsent(found, unused -> new Rotation()).next(found, null);
  }

  /**
   * The next sentence of a circuit.
   *
   * @param languages in the order of preference
   * @param phone the business's number; {@code null} if it is not known
   * @param rotation what the circuit's callers heard before
   */
  FallbackResponse getFallbackResponse(
      FallbackType type, List<String> languages, @Nullable String phone, Rotation rotation) {
    String number = speakable(phone);
    return rotation.next(find(type, languages, number), number);
  }

  /**
   * The sentences for the first of {@code languages} that has any that can be said: one with {@code
   * {phone}} can't while no number is known.
   */
  Sentences find(FallbackType type, List<String> languages, @Nullable String phone) {
    for (String language : languages) {
      Sentences found = find(type, language, phone);
      if (found != null) {
        return found;
      }
    }
    return Objects.requireNonNull(find(type, LAST_RESORT, phone));
  }

  private @Nullable Sentences find(FallbackType type, String language, @Nullable String phone) {
    String tag = canonical(language);
    Map<String, Sentences> ownOfType = own.getOrDefault(type, Map.of());
    Map<String, Sentences> builtInOfType = BuiltInSentences.of(type);
    Sentences found = nearest(ownOfType, tag, phone);
    if (found == null) {
      found = nearest(builtInOfType, tag, phone);
    }
    if (found == null) {
      found = relative(ownOfType, tag, phone);
    }
    if (found == null) {
      found = relative(builtInOfType, tag, phone);
    }
    return found;
  }

  /** The lookup of RFC 4647, section 3.4: the tag, then the tag shortened from its end. */
  private static @Nullable Sentences nearest(
      Map<String, Sentences> byTag, String tag, @Nullable String phone) {
    for (int end = tag.length(); end > 0; end = tag.lastIndexOf('-', end - 1)) {
      Sentences sentences = byTag.get(tag.substring(0, end));
      if (sentences != null && sentences.canBeSaid(phone)) {
        return sentences;
      }
    }
    return null;
  }

  /** The first that is of the same language, wherever it is spoken. */
  private static @Nullable Sentences relative(
      Map<String, Sentences> byTag, String tag, @Nullable String phone) {
    int end = tag.indexOf('-');
    String family = (end < 0 ? tag : tag.substring(0, end)) + "-";
    for (Sentences sentences : byTag.values()) {
      if (sentences.language().startsWith(family) && sentences.canBeSaid(phone)) {
        return sentences;
      }
    }
    return null;
  }

  /** The tag as it is written when well-formed; of one that is not, what comes before the fault. */
  private static String canonical(String language) {
    if (language.length() > LONGEST_TAG) {
      return "und";
    }
    return Locale.forLanguageTag(language.strip().replace('_', '-')).toLanguageTag();
  }

  /** The number to say; {@code null} for what can't be one. */
  static @Nullable String speakable(@Nullable String phone) {
    if (phone == null || phone.isBlank() || phone.length() > LONGEST_PHONE) {
      return null;
    }
    return phone.chars().anyMatch(Character::isISOControl) ? null : phone.strip();
  }

  /** Collects sentences of one's own; not thread-safe. */
  public static final class Builder {

    private final Map<FallbackType, Map<String, Sentences>> own = new EnumMap<>(FallbackType.class);

    private Builder() {}

    /**
     * The sentences for one language and type, in place of those built in and of those given
     * before. Where there are two or more, no caller hears one twice running; a single one is
     * repeated.
     *
     * <p>Each is at most 20 words and 7 s of speech. {@code {phone}} stands for the business's
     * number; while it is not known, the variants without it are spoken, or if there are none,
     * those built in.
     *
     * @param language a BCP 47 tag such as {@code es-MX} or {@code fr}; with {@code es}, for
     *     callers of every Spanish
     * @param type why there is no answer
     * @param variants at least one
     * @throws IllegalArgumentException naming the language, the type, the variant and what to mend
     */
    public Builder sentence(String language, FallbackType type, String... variants) {
      Objects.requireNonNull(type, "type");
      String tag = SentenceRules.checkedTag(language, type);
      List<String> checked = SentenceRules.checked(tag, type, Arrays.asList(variants));
      List<String> withoutNumber = new ArrayList<>(checked);
      withoutNumber.removeIf(text -> text.contains(Sentences.PHONE));
      own.computeIfAbsent(type, unused -> new LinkedHashMap<>())
          .put(tag, new Sentences(tag, type, checked, List.copyOf(withoutNumber)));
      return this;
    }

    /** Makes the sentences. */
    public FallbackResponses build() {
      Map<FallbackType, Map<String, Sentences>> copy = new EnumMap<>(FallbackType.class);
      own.forEach((type, byTag) -> copy.put(type, new LinkedHashMap<>(byTag)));
      return new FallbackResponses(copy);
    }
  }
}
