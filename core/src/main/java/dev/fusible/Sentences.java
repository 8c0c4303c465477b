package dev.fusible;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The sentences of one language for one type. Immutable.
 *
 * @param language their BCP 47 tag
 * @param type why they are spoken
 * @param withNumber what may be said when the business's number is known
 * @param withoutNumber what may be said when it is not
 */
record Sentences(
    String language, FallbackType type, List<String> withNumber, List<String> withoutNumber) {

  /** The only placeholder: the business's number. */
  static final String PHONE = "{phone}";

  boolean canBeSaid(@Nullable String phone) {
    return !texts(phone).isEmpty();
  }

  List<String> texts(@Nullable String phone) {
    return phone == null ? withoutNumber : withNumber;
  }
}
