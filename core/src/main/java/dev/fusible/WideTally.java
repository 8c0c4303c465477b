package dev.fusible;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The counts of a {@link CallTally} that many threads add to at once. Each of several places is as
 * a tally of its own, with an owner whose additions are plain, and lies on cache lines that no
 * other place, and nothing else in the heap, shares: so they are in one array, apart from each
 * other and from its ends. Thread-safe, for the reasons that a tally is.
 */
final class WideTally {

  /** More than threads that run at once, so that few of them share a place. */
  private static final int PLACES =
      Integer.highestOneBit(Runtime.getRuntime().availableProcessors() * 8 - 1);

  /** Two cache lines, since they are fetched in pairs. */
  private static final int APART = 16;

  private static final int OWN_STARTED = 1;
  private static final int OWN_SUCCEEDED = 2;
  private static final int STARTED = 3;
  private static final int SUCCEEDED = 4;

  private static final VarHandle COUNTS = MethodHandles.arrayElementVarHandle(long[].class);

  /** At each place its owner, and then the counts. */
  private final long[] counts = new long[(PLACES + 2) * APART];

  /** Where the call was counted: below zero if its thread does not own the place. */
  int start(long thread) {
    int place = placeOf(thread);
    if (isOwner(thread, place)) {
      COUNTS.setOpaque(counts, place + OWN_STARTED, counts[place + OWN_STARTED] + 1);
      return place;
    }
    long unused = (long) COUNTS.getAndAdd(counts, place + STARTED, 1L);
    return -place;
  }

  /** A call has succeeded on the thread that began it at {@code place}. */
  void succeedIn(int place) {
    if (place > 0) {
      COUNTS.setOpaque(counts, place + OWN_SUCCEEDED, counts[place + OWN_SUCCEEDED] + 1);
    } else {
      long unused = (long) COUNTS.getAndAdd(counts, -place + SUCCEEDED, 1L);
    }
  }

  /** A call has succeeded, on any thread. */
  void succeed(long thread) {
    int place = placeOf(thread);
    succeedIn(isOwner(thread, place) ? place : -place);
  }

  private static int placeOf(long thread) {
    return (((int) thread & (PLACES - 1)) + 1) * APART;
  }

  private boolean isOwner(long thread, int place) {
    long owner = (long) COUNTS.getOpaque(counts, place);
    return owner == thread || (owner == 0 && COUNTS.compareAndSet(counts, place, 0L, thread));
  }

  long started() {
    return sum(OWN_STARTED) + sum(STARTED);
  }

  long succeeded() {
    return sum(OWN_SUCCEEDED) + sum(SUCCEEDED);
  }

  private long sum(int count) {
    long sum = 0;
    for (int place = APART; place <= PLACES * APART; place += APART) {
      sum += (long) COUNTS.getVolatile(counts, place + count);
    }
    return sum;
  }
}
