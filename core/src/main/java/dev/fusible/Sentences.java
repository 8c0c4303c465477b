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
   * @param mark which of them it is, and its text's length and hash: all that it takes to tell what
   *     comes after it. Two texts that have both in common are taken for the same
   */
  record Variant(FallbackResponse response, long mark) {

    private static final int TEXT_BITS = 48;

    static Variant of(FallbackResponse response, int place) {
      long text = (long) response.text().length() << 32 | response.text().hashCode() & 0xFFFFFFFFL;
      return new Variant(
          response, (long) place << TEXT_BITS | text << (64 - TEXT_BITS) >>> (64 - TEXT_BITS));
    }

    static int placeOf(long mark) {
      return (int) (mark >>> TEXT_BITS);
    }

    boolean hasTextOf(long otherMark) {
      return (mark ^ otherMark) << (64 - TEXT_BITS) == 0;
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
      variantsWithoutNumber[i] = variant(withoutNumber.get(i), i);
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
    return (phone == null ? withoutNumber : withNumber).size();
  }

  /** What is said to callers of the business with this number. */
  Variant variant(int place, @Nullable String phone) {
    return phone == null
        ? variantsWithoutNumber[place]
        : variant(withNumber.get(place).replace(PHONE, phone), place);
  }

  private Variant variant(String text, int place) {
    return Variant.of(new FallbackResponse(text, language, type), place);
  }
}
