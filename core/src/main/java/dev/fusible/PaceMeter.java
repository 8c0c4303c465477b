package dev.fusible;

import java.util.ArrayDeque;

/**
 * The words heard of late: tells when a stream will have become slower than its {@link Pace}. Times
 * are readings of a clock that its owner chooses. Not thread-safe.
 */
final class PaceMeter {

  private record Heard(long atNanos, int words) {}

  private final int atLeast;
  private final long withinNanos;

  /** The fewest last items that together have enough words, or all where there are not enough. */
  private final ArrayDeque<Heard> recent = new ArrayDeque<>();

  private long recentWords;
  private long sinceNanos;

  /**
   * @param firstNanos when something was first heard
   */
  PaceMeter(Pace<?> pace, long firstNanos) {
    this.atLeast = pace.atLeast();
    this.withinNanos = pace.within().toNanos();
    this.sinceNanos = firstNanos;
  }

  void heard(int words, long atNanos) {
    if (words <= 0) {
      return;
    }
    recent.addLast(new Heard(atNanos, words));
    recentWords += words;
    while (recentWords - recent.getFirst().words() >= atLeast) {
      recentWords -= recent.removeFirst().words();
    }
    if (recentWords >= atLeast) {
      sinceNanos = recent.getFirst().atNanos();
    }
  }

  /**
   * When it will be too slow if nothing more is heard: as the oldest word that is needed leaves.
   */
  long dueNanos() {
    return sinceNanos + withinNanos;
  }
}
