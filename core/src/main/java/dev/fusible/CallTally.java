package dev.fusible;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The {@link CallCount} of a circuit. Where several threads call so fast that they keep taking it
 * out of each other's caches, it becomes wide: one of several counts for each thread, on cache
 * lines of their own. Most circuits never become wide, which keeps a million of them small.
 * Thread-safe: what was counted before stays where it was counted, and a sum is over all of it.
 */
class CallTally extends CallCount {

  /** So many calls of other threads within a millisecond or two make a tally wide. */
  private static final int CROWD = 1_024;

  /** More than threads that run at once, so that few of them share a count. */
  private static final int COUNTS =
      Integer.highestOneBit(Runtime.getRuntime().availableProcessors() * 8 - 1);

  private static final VarHandle COUNT = MethodHandles.arrayElementVarHandle(CallCount[].class);

  /** How many calls of others came since {@link #watchedMillis}; to miss some does no harm. */
  private int crowd;

  private int watchedMillis;
  private volatile CallCount @Nullable [] wide;

  /** A call begins. */
  final void start() {
    started(1);
  }

  /** A call that had begun did not run after all. */
  final void takeBack() {
    started(-1);
  }

  private void started(int calls) {
    long me = Thread.currentThread().getId();
    CallCount[] counts = wide;
    if (counts != null) {
      boolean unused = of(me, counts).start(me, calls);
    } else if (!start(me, calls)) {
      crowded();
    }
  }

  /** A call has succeeded. */
  final void succeed() {
    long me = Thread.currentThread().getId();
    CallCount[] counts = wide;
    (counts == null ? this : of(me, counts)).succeed(me);
  }

  private void crowded() {
    if (++crowd < CROWD) {
      return;
    }
    crowd = 0;
    int now = (int) (System.nanoTime() / 1_000_000);
    if (now - watchedMillis > 1) {
      watchedMillis = now;
      return;
    }
    synchronized (this) {
      wide = wide == null ? new CallCount[COUNTS] : wide;
    }
  }

  private static CallCount of(long thread, CallCount[] counts) {
    int place = (int) thread & (counts.length - 1);
    CallCount count = counts[place];
    return count == null ? made(counts, place) : count;
  }

  private static CallCount made(CallCount[] counts, int place) {
    CallCount made = new ApartCount();
    CallCount other = (CallCount) COUNT.compareAndExchange(counts, place, null, made);
    return other == null ? made : other;
  }

  final long started() {
    long sum = startedHere();
    CallCount[] counts = wide;
    for (int i = 0; counts != null && i < counts.length; i++) {
      CallCount count = (CallCount) COUNT.getAcquire(counts, i);
      sum += count == null ? 0 : count.startedHere();
    }
    return sum;
  }

  final long succeeded() {
    long sum = succeededHere();
    CallCount[] counts = wide;
    for (int i = 0; counts != null && i < counts.length; i++) {
      CallCount count = (CallCount) COUNT.getAcquire(counts, i);
      sum += count == null ? 0 : count.succeededHere();
    }
    return sum;
  }

  /** Followed by two cache lines that nobody writes, so that none of it is on another's line. */
  @SuppressWarnings("UnusedVariable")
  private static final class ApartCount extends CallCount {

    private long apart1;
    private long apart2;
    private long apart3;
    private long apart4;
    private long apart5;
    private long apart6;
    private long apart7;
    private long apart8;
    private long apart9;
    private long apart10;
    private long apart11;
    private long apart12;
    private long apart13;
    private long apart14;
  }
}
