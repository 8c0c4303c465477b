package dev.fusible;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * {@link System#nanoTime} for those who can do with an old reading: never ahead of it, and while it
 * is asked all the time, a millisecond or so behind, since then one thread reads it for all. Asked
 * now and then it is exact, and no thread runs. Thread-safe.
 *
 * <p>How far it falls behind has no bound when the machine has no time for its thread. So it may
 * only decide what is right also with an older reading.
 */
final class RoughClock {

  /** So many questions within a millisecond or two wake the thread. */
  private static final int CROWD = 64;

  private static final int TICKS = 100;
  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  /** No reading: ask the machine. */
  private static final long NONE = Long.MIN_VALUE;

  /** One for the process, as the machine's clock is. */
  private static final RoughClock SYSTEM = new RoughClock();

  private final ExecutorService thread = Threads.single("fusible-clock");
  private final AtomicBoolean isTicking = new AtomicBoolean();
  private volatile long reading = NONE;

  /** How many questions came since {@link #crowdMillis}; to miss some does no harm. */
  private int crowd;

  private int crowdMillis;

  /** Rough readings of the machine's clock, and exact ones of any other, which is free to stand. */
  static LongSupplier of(TimeSource time) {
    return time == TimeSource.system() ? SYSTEM::nanoTime : time::nanoTime;
  }

  long nanoTime() {
    long present = reading;
    return present != NONE ? present : exact();
  }

  private long exact() {
    long now = System.nanoTime();
    if (++crowd >= CROWD) {
      crowd = 0;
      int millis = (int) (now / 1_000_000);
      if (millis - crowdMillis <= 1 && isTicking.compareAndSet(false, true)) {
        wake();
      }
      crowdMillis = millis;
    }
    return now;
  }

  private void wake() {
    try {
      thread.execute(this::tick);
    } catch (RejectedExecutionException | OutOfMemoryError noThread) {
      isTicking.set(false);
    }
  }

  /** For a tenth of a second; whoever still asks then wakes it again. */
  private void tick() {
    try {
      for (int i = 0; i < TICKS; i++) {
        reading = System.nanoTime();
        LockSupport.parkNanos(TICK_NANOS);
      }
    } finally {
      reading = NONE;
      isTicking.set(false);
    }
  }
}
