package dev.fusible;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Which sentence comes next: the variants in turn, and never the text that was said last while
 * there is another. It compares texts since turns alone are not enough: the types and languages of
 * a business may share sentences. Thread-safe.
 *
 * <p>It holds the mark of what was said last, which is read and then written, not replaced by
 * compare-and-set: that would cost more than all the rest of a rejected call. The race: callers at
 * the very same moment may hear the same sentence, since none of them is before the other. Whoever
 * asks after an answer was given sees its mark, or that of a later one, and hears another sentence.
 */
final class Rotation extends AtomicLong {

  private static final long serialVersionUID = 1L;

  FallbackResponse next(Sentences sentences, @Nullable String phone) {
    long last = getAcquire();
    Sentences.Variant next =
        last == 0 ? sentences.variant(0, phone) : after(last, sentences, phone);
    setRelease(next.mark());
    return next.response();
  }

  private static Sentences.Variant after(long last, Sentences sentences, @Nullable String phone) {
    int size = sentences.size(phone);
    int place = Sentences.Variant.placeOf(last);
    Sentences.Variant next;
    int tried = 0;
    do {
      place = place + 1 < size ? place + 1 : 0;
      next = sentences.variant(place, phone);
      tried++;
    } while (next.hasTextOf(last) && tried < size);
    return next;
  }
}
