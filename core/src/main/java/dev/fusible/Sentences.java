package dev.fusible;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The sentences of one language for one type. Immutable.
 *
 * @param language their BCP 47 tag
 * @param type why they are spoken
 * @param withNumber what may be said when the business's number is known
 * @param withoutNumber what may be said when it is not
 * @param variantsWithoutNumber the same, made once since every call of an open circuit gets one
 */
record Sentences(
    String language,
    FallbackType type,
    List<String> withNumber,
    List<String> withoutNumber,
    List<Variant> variantsWithoutNumber) {

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

  Sentences(
      String language, FallbackType type, List<String> withNumber, List<String> withoutNumber) {
    this(language, type, withNumber, withoutNumber, variants(language, type, withoutNumber, PHONE));
  }

  boolean canBeSaid(@Nullable String phone) {
    return !(phone == null ? withoutNumber : withNumber).isEmpty();
  }

  /** What is said to callers of the business with this number. */
  List<Variant> variants(@Nullable String phone) {
    return phone == null ? variantsWithoutNumber : variants(language, type, withNumber, phone);
  }

  private static List<Variant> variants(
      String language, FallbackType type, List<String> texts, String phone) {
    List<Variant> variants = new ArrayList<>(texts.size());
    for (String text : texts) {
      FallbackResponse response = new FallbackResponse(text.replace(PHONE, phone), language, type);
      variants.add(Variant.of(response, variants.size()));
    }
    return List.copyOf(variants);
  }
}
