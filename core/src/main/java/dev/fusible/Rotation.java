package dev.fusible;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Which sentence comes next: the variants in turn, and never the text that was said last while
 * there is another. It compares texts since turns alone are not enough: the types and languages of
 * a business may share sentences. Thread-safe.
 *
 * <p>What was said last is read and then written, not replaced by compare-and-set: that would cost
 * more than all the rest of a rejected call. The race: callers at the very same moment may hear the
 * same sentence, since none of them is before the other. Whoever asks after an answer was given
 * sees its text, or that of a later one, and hears another. The place only says where to look
 * first, so it may be any thread's.
 *
 * <p>It holds the {@link Sentences.Variant#text} of what was said last; 0 while nothing was.
 */
final class Rotation extends AtomicLong {

  private static final long serialVersionUID = 1L;

  /** Before the first. */
  private static final int NOWHERE = -1;

  private int place = NOWHERE;

  FallbackResponse next(Sentences sentences, @Nullable String phone) {
    long last = getAcquire();
    int size = sentences.size(phone);
    // Read once: another thread may be writing it, and the place of a longer list is none of ours.
    int before = place;
    int here = before + 1 < size ? before + 1 : 0;
    Sentences.Variant next = sentences.variant(here, phone);
    for (int tried = 1; next.text() == last && tried < size; tried++) {
      here = here + 1 < size ? here + 1 : 0;
      next = sentences.variant(here, phone);
    }
    place = here;
    setRelease(next.text());
    return next.response();
  }
}
