package dev.fusible;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The sentences of one language for one type. Immutable. */
final class Sentences {

  /** The only placeholder: the business's number. */
  static final String PHONE = "{phone}";

  /**
   * One of the sentences, ready to be said.
   *
   * @param text its length and hash, never 0: two texts that have both in common are taken for the
   *     same
   */
  record Variant(FallbackResponse response, long text) {

    static Variant of(FallbackResponse response) {
      String words = response.text();
      return new Variant(
          response, (long) words.length() << Integer.SIZE | words.hashCode() & 0xFFFFFFFFL);
    }
  }

  private final String language;
  private final FallbackType type;
  private final List<String> withNumber;
  private final List<String> withoutNumber;

  /** Made once, since every call of an open circuit gets one. */
  private final Variant[] variantsWithoutNumber;

  /**
   * @param language their BCP 47 tag
   * @param type why they are spoken
   * @param withNumber what may be said when the business's number is known
   * @param withoutNumber what may be said when it is not
   */
  Sentences(
      String language, FallbackType type, List<String> withNumber, List<String> withoutNumber) {
    this.language = language;
    this.type = type;
    this.withNumber = List.copyOf(withNumber);
    this.withoutNumber = List.copyOf(withoutNumber);
    this.variantsWithoutNumber = new Variant[withoutNumber.size()];
    for (int i = 0; i < variantsWithoutNumber.length; i++) {
      variantsWithoutNumber[i] = variant(withoutNumber.get(i));
    }
  }

  String language() {
    return language;
  }

  FallbackType type() {
    return type;
  }

  List<String> withNumber() {
    return withNumber;
  }

  List<String> withoutNumber() {
    return withoutNumber;
  }

  boolean canBeSaid(@Nullable String phone) {
    return size(phone) > 0;
  }

  int size(@Nullable String phone) {
    return phone == null ? variantsWithoutNumber.length : withNumber.size();
  }

  /** What is said to callers of the business with this number. */
  Variant variant(int place, @Nullable String phone) {
    return phone == null
        ? variantsWithoutNumber[place]
        : variant(withNumber.get(place).replace(PHONE, phone));
  }

  private Variant variant(String text) {
    return Variant.of(new FallbackResponse(text, language, type));
  }
}
