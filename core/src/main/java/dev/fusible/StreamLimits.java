package dev.fusible;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a stream's subscriber has asked for and heard, and when it will have waited too long.
 * Silence is measured on a clock that stands still while the subscriber asks for nothing: what it
 * does not ask for, it can't wait for. Thread-safe: all fields belong to this object's lock, under
 * which there is nothing but arithmetic.
 */
final class StreamLimits {

  static final long NEVER = Long.MAX_VALUE;

  private final long startNanos;
  private final long totalNanos;
  private final long stallNanos;
  private final @Nullable Pace<?> pace;
  private long firstNanos;
  private long demand;
  private long listenedNanos;
  private long asksSinceNanos;
  private boolean heard;
  private long heardAtNanos;
  private @Nullable PaceMeter meter;

  /**
   * @param startNanos when the caller began to wait: it has listened from then until {@code now}
   */
  StreamLimits(StreamOptions<?> options, long startNanos, long now) {
    this.startNanos = startNanos;
    this.listenedNanos = now - startNanos;
    this.totalNanos = nanos(options.total());
    this.firstNanos = nanos(options.firstItem());
    this.stallNanos = nanos(options.stall());
    this.pace = options.pace();
  }

  private static long nanos(Duration limit) {
    return limit.isZero() ? NEVER : limit.toNanos();
  }

  /** The first item must come within {@code patience} too. */
  synchronized void shortenFirst(Duration patience) {
    firstNanos = Math.min(firstNanos, patience.toNanos());
  }

  /** The subscriber asks for {@code n} more. */
  synchronized void asked(long n, long now) {
    if (demand == 0) {
      asksSinceNanos = now;
    }
    demand = demand + n < 0 ? Long.MAX_VALUE : demand + n;
  }

  /** An item goes to the subscriber, if it has asked for one. */
  synchronized boolean give(long now) {
    if (demand == 0) {
      return false;
    }
    if (demand != Long.MAX_VALUE && --demand == 0) {
      listenedNanos += now - asksSinceNanos;
    }
    return true;
  }

  /** Something speakable came. Returns whether it was the first. */
  synchronized boolean hear(int words, long now) {
    boolean first = !heard;
    heard = true;
    heardAtNanos = listened(now);
    if (pace != null) {
      if (meter == null) {
        meter = new PaceMeter(pace, heardAtNanos);
      }
      meter.heard(words, heardAtNanos);
    }
    return first;
  }

  synchronized boolean hasHeard() {
    return heard;
  }

  private long listened(long now) {
    return demand > 0 ? listenedNanos + (now - asksSinceNanos) : listenedNanos;
  }

  /** How long until the subscriber has waited too long for the next speakable item. */
  synchronized long silenceDueIn(long now) {
    if (demand == 0) {
      return NEVER;
    }
    long due = heard ? later(heardAtNanos, stallNanos) : firstNanos;
    if (meter != null) {
      due = Math.min(due, meter.dueNanos());
    }
    return due == NEVER ? NEVER : due - listened(now);
  }

  private static long later(long at, long limit) {
    return limit == NEVER ? NEVER : at + limit;
  }

  /** How long until the whole stream has taken too long. */
  long totalDueIn(long now) {
    return totalNanos == NEVER ? NEVER : totalNanos - (now - startNanos);
  }
}
