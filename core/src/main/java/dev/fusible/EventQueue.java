package dev.fusible;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Events on their way to the one thread that tells them. Whoever has one drops it onto a stack by
 * one compare-and-set; the thread takes the whole stack and tells it from the bottom, so in the
 * order of the drops. Thread-safe. The races:
 *
 * <ul>
 *   <li><b>A drop against the thread going to sleep</b>: who drops the first one onto an empty
 *       stack orders the thread to take it, and only the thread's taking empties it. So there is
 *       one order for each time it takes, and no event waits without one.
 *   <li><b>An order that is refused</b>, since there is no thread to be had or it has ended: who
 *       was refused takes the stack itself and counts it as dropped, with what others dropped onto
 *       it relying on the order.
 * </ul>
 */
final class EventQueue implements Executor {

  private static final int QUEUED_EVENTS = 16_384;

  /** Places that events of calls leave to transitions, which are few and matter more. */
  private static final int RESERVED = QUEUED_EVENTS / 4;

  /**
   * How often the thread says how far it is: it takes the stack's cache line from those who drop.
   */
  private static final int SELDOM = 64;

  private static final long IDLE_SECONDS = 5;

  private static final class Dropped {

    final Runnable event;

    /** How many there are on the stack, with this one. */
    final int height;

    /** The one below; once the thread has turned the stack over, the one that was above. */
    @Nullable Dropped next;

    Dropped(Runnable event, @Nullable Dropped below) {
      this.event = event;
      this.height = heightOf(below) + 1;
      this.next = below;
    }

    static int heightOf(@Nullable Dropped top) {
      return top == null ? 0 : top.height;
    }
  }

  private final AtomicReference<@Nullable Dropped> stack = new AtomicReference<>();
  private final AtomicLong dropped;
  private final ThreadPoolExecutor thread;

  /**
   * How many the thread has taken and not told yet, or a few more. It says so just after it took
   * them, so that for a moment there is room for too many.
   */
  private volatile int taken;

  private volatile boolean isOver;

  /**
   * @param dropped counts what is not told
   */
  EventQueue(AtomicLong dropped) {
    this.dropped = dropped;
    this.thread =
        new ThreadPoolExecutor(
            1,
            1,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Threads.daemons("fusible-events"));
    thread.allowCoreThreadTimeOut(true);
  }

  /** Whether there is room for what is dropped first. */
  boolean hasPlacesForCalls() {
    return taken + Dropped.heightOf(stack.get()) < QUEUED_EVENTS - RESERVED;
  }

  /** Has the event told in its turn, or drops and counts it. */
  @Override
  public void execute(Runnable event) {
    Dropped below;
    Dropped top;
    do {
      below = stack.get();
      if (taken + Dropped.heightOf(below) >= QUEUED_EVENTS) {
        dropped.incrementAndGet();
        return;
      }
      top = new Dropped(event, below);
    } while (!stack.compareAndSet(below, top));
    if (below == null) {
      order();
    }
  }

  private void order() {
    try {
      thread.execute(this::tell);
    } catch (Throwable noThread) {
      dropAll();
    }
  }

  private void dropAll() {
    dropped.addAndGet(Dropped.heightOf(stack.getAndSet(null)));
  }

  // --- the thread

  private void tell() {
    Dropped top = stack.getAndSet(null);
    int left = Dropped.heightOf(top);
    taken = left;
    for (Dropped each = turnedOver(top); each != null; each = each.next) {
      // What a listener did to its thread is not for the next one; only then may the end be looked
      // for, since it comes with an interrupt.
      boolean unused = Thread.interrupted();
      if (isOver) {
        dropped.addAndGet(left);
        break;
      }
      tell(each.event);
      left--;
      if (left % SELDOM == 0) {
        taken = left;
      }
    }
    taken = 0;
  }

  private static void tell(Runnable event) {
    try {
      event.run();
    } catch (Throwable brokenLog) {
      // There is only this thread: it goes on with what is left.
    }
  }

  /** The lowest of the stack, from which all others follow. */
  private static @Nullable Dropped turnedOver(@Nullable Dropped top) {
    Dropped lowest = null;
    for (Dropped each = top; each != null; ) {
      Dropped below = each.next;
      each.next = lowest;
      lowest = each;
      each = below;
    }
    return lowest;
  }

  /** Tells what is queued, for at most {@code millis}, and ends the thread. */
  void close(long millis) {
    thread.shutdown();
    try {
      if (thread.awaitTermination(millis, TimeUnit.MILLISECONDS)) {
        return;
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    isOver = true;
    thread.shutdownNow();
    dropAll();
  }
}
