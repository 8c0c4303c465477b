package dev.fusible;

import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds what the callers of a business hear. Thread-safe. The user's functions are asked each time,
 * and may throw: the defaults are spoken then. What was found for their answers is remembered,
 * since a circuit that is open answers every call from here.
 */
final class Speech {

  /** More than there are languages; what is asked for comes from callers and may be anything. */
  private static final int REMEMBERED = 1_024;

  private static final int TYPES = FallbackType.values().length;

  /** All that decides which sentences are spoken. */
  private record Wish(
      FallbackResponses responses,
      FallbackType type,
      @Nullable String asked,
      @Nullable String own,
      boolean withNumber) {}

  /**
   * A wish and what was found for it; told by a glance, since equal ones are found all the same.
   */
  private record Granted(
      FallbackResponses responses,
      @Nullable String asked,
      @Nullable String own,
      boolean withNumber,
      Sentences sentences) {

    boolean is(
        FallbackResponses otherResponses,
        @Nullable String otherAsked,
        @Nullable String otherOwn,
        boolean otherWithNumber) {
      return responses == otherResponses
          && asked == otherAsked
          && own == otherOwn
          && withNumber == otherWithNumber;
    }
  }

  private final @Nullable Function<String, @Nullable FallbackResponses> responsesFor;
  private final FallbackResponses responses;
  private final @Nullable Function<String, @Nullable String> languageFor;
  private final String language;
  private final @Nullable Function<String, @Nullable String> phoneFor;
  private final boolean asksNobody;
  private final ConcurrentHashMap<Wish, Sentences> found = new ConcurrentHashMap<>();

  /** The last wish of each type; threads may miss each other's, and then look among all. */
  private final @Nullable Granted[] last = new Granted[TYPES];

  /** A function that is {@code null} answers so for every business. */
  Speech(
      @Nullable Function<String, @Nullable FallbackResponses> responsesFor,
      FallbackResponses responses,
      @Nullable Function<String, @Nullable String> languageFor,
      String language,
      @Nullable Function<String, @Nullable String> phoneFor) {
    this.responsesFor = responsesFor;
    this.responses = responses;
    this.languageFor = languageFor;
    this.language = language;
    this.phoneFor = phoneFor;
    this.asksNobody = responsesFor == null && languageFor == null && phoneFor == null;
  }

  /**
   * The sentence for a business: in the language that was asked for, else its own, else the
   * default.
   *
   * @param businessId {@code null} for a call that has no business
   */
  FallbackResponse sentence(
      @Nullable String businessId, FallbackType type, @Nullable String asked, Rotation rotation) {
    if (asksNobody) {
      Granted latest = last[type.ordinal()];
      return rotation.next(
          latest != null && latest.asked == asked
              ? latest.sentences
              : sentences(responses, type, asked, null, null),
          null);
    }
    FallbackResponses own = answer(responsesFor, businessId);
    String phone = FallbackResponses.speakable(answer(phoneFor, businessId));
    String ownLanguage = answer(languageFor, businessId);
    Sentences sentences = sentences(own == null ? responses : own, type, asked, ownLanguage, phone);
    return rotation.next(sentences, phone);
  }

  private Sentences sentences(
      FallbackResponses from,
      FallbackType type,
      @Nullable String asked,
      @Nullable String own,
      @Nullable String phone) {
    Granted latest = last[type.ordinal()];
    if (latest != null && latest.is(from, asked, own, phone != null)) {
      return latest.sentences;
    }
    Wish wish = new Wish(from, type, asked, own, phone != null);
    Sentences sentences = found.get(wish);
    if (sentences == null) {
      sentences =
          from.find(type, Stream.of(asked, own, language).filter(Objects::nonNull).toList(), phone);
      if (found.size() < REMEMBERED) {
        found.put(wish, sentences);
      }
    }
    last[type.ordinal()] = new Granted(from, asked, own, phone != null, sentences);
    return sentences;
  }

  private static <T> @Nullable T answer(
      @Nullable Function<String, @Nullable T> function, @Nullable String businessId) {
    if (function == null || businessId == null) {
      return null;
    }
    try {
      return function.apply(businessId);
    } catch (Throwable brokenFunction) {
      return null;
    }
  }
}
