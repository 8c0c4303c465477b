package dev.fusible;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Timers by the million, nearly all of them cancelled long before they are due: the limits of
 * calls. Thread-safe, and no lock is shared by those who arm and cancel.
 *
 * <p>Who arms a timer drops it into an inbox, one of several, by one compare-and-set. One thread
 * empties the inboxes and files what is still wanted in a wheel that nobody else touches: a ring of
 * slots, a millisecond each, and in each slot a list of those that fall due in it, this time round
 * or a later one. Most limits are cancelled before they are filed and are merely dropped. Who
 * cancels one that was filed drops it into an inbox again, to be taken out of its slot. The races:
 *
 * <ul>
 *   <li><b>Cancelling against filing and firing</b>: a timer's state only goes from DROPPED by
 *       FILED to OVER, each step by compare-and-set. Whoever takes it to OVER has it: the thread
 *       runs it, or it is cancelled and never runs. It is in one inbox at most: dropped a second
 *       time only once it is FILED, and then the thread has done with the first.
 *   <li><b>Arming against going to sleep</b>: while timers come thick and fast the thread looks
 *       every millisecond. Otherwise it sleeps until the next timer is due, and whoever arms an
 *       earlier one wakes it. It says that it sleeps before it looks at the inboxes for the last
 *       time; who arms looks whether it sleeps after the drop. So one of them sees the other.
 * </ul>
 *
 * <p>No timer is early, and none is more than a millisecond or two late while the machine has time
 * for the thread.
 */
final class TimerWheel {

  private static final long SLOT_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final int SLOTS = 8_192;

  /** So many arrivals at a time are a crowd, which is looked after every millisecond. */
  private static final int CROWD = 64;

  /** How many times in a row there must be no crowd before the thread sleeps. */
  private static final int LINGER = 50;

  private static final long LONGEST_NANOS = TimeUnit.DAYS.toNanos(10_000);

  /** In place of the time that the thread sleeps until: it is awake. */
  private static final long AWAKE = Long.MIN_VALUE;

  private static final int INBOXES =
      Integer.highestOneBit(Math.max(2, Runtime.getRuntime().availableProcessors()) * 4 - 1);

  private final Inbox[] inboxes = new Inbox[INBOXES];
  private final Consumer<Runnable> runner;
  private final Thread thread;
  private final AtomicBoolean isStarted = new AtomicBoolean();
  private volatile long sleepsUntil = AWAKE;

  // What follows belongs to the thread.
  private final @Nullable Timer[] slots = new Timer[SLOTS];
  private final long origin = System.nanoTime();
  private long turned;
  private final AtomicInteger filed = new AtomicInteger();

  /**
   * @param runner gets what falls due, on the wheel's thread; it must not throw or block
   */
  TimerWheel(String threadName, Consumer<Runnable> runner) {
    this.runner = runner;
    for (int i = 0; i < INBOXES; i++) {
      inboxes[i] = new Inbox();
    }
    thread = Threads.daemons(threadName).newThread(this::run);
  }

  Cancellable schedule(Runnable task, long delayNanos) {
    long delay = Math.max(0, Math.min(LONGEST_NANOS, delayNanos));
    long due = System.nanoTime() + delay;
    Timer timer = new Timer(this, task, due);
    Inbox inbox = inboxOfThisThread();
    inbox.drop(timer);
    long until = sleepsUntil;
    if (until != AWAKE && (due - until < 0 || ++inbox.crowd > CROWD)) {
      LockSupport.unpark(thread);
    } else if (!isStarted.get()) {
      start();
    }
    return timer;
  }

  private void start() {
    if (isStarted.compareAndSet(false, true)) {
      thread.start();
    }
  }

  private Inbox inboxOfThisThread() {
    return inboxes[(int) Thread.currentThread().getId() & (INBOXES - 1)];
  }

  /** A timer that was filed is to be taken out again. */
  private void takeOut(Timer timer) {
    Inbox inbox = inboxOfThisThread();
    inbox.drop(timer);
    if (sleepsUntil != AWAKE && ++inbox.crowd > CROWD) {
      LockSupport.unpark(thread);
    }
  }

  /** How many timers are armed, or were until a moment ago. */
  int armed() {
    int armed = filed.get();
    for (Inbox inbox : inboxes) {
      for (Timer timer = inbox.first(); timer != null; timer = timer.below) {
        armed += timer.isWaiting() ? 1 : 0;
      }
    }
    return armed;
  }

  // --- the thread

  private void run() {
    int quiet = 0;
    while (true) {
      long now = System.nanoTime();
      int arrived = emptyInboxes();
      turn(now);
      quiet = arrived > CROWD ? 0 : quiet + 1;
      if (quiet < LINGER) {
        LockSupport.parkNanos(this, SLOT_NANOS);
      } else {
        sleep();
      }
    }
  }

  private void sleep() {
    long until = nextDue();
    sleepsUntil = until;
    if (areInboxesEmpty()) {
      LockSupport.parkNanos(this, until - System.nanoTime());
    }
    sleepsUntil = AWAKE;
  }

  private boolean areInboxesEmpty() {
    for (Inbox inbox : inboxes) {
      if (inbox.first() != null) {
        return false;
      }
    }
    return true;
  }

  private int emptyInboxes() {
    int arrived = 0;
    for (Inbox inbox : inboxes) {
      Timer timer = inbox.empty();
      while (timer != null) {
        Timer below = timer.below;
        timer.below = null;
        arrived++;
        if (timer.isFiledAway()) {
          file(timer);
        } else if (timer.slot >= 0) {
          remove(timer);
        }
        timer = below;
      }
    }
    return arrived;
  }

  private void file(Timer timer) {
    // The slot that is over once the timer is due, and that has not been turned yet.
    long slot = Math.max(turned + 1, (timer.due - origin + SLOT_NANOS - 1) / SLOT_NANOS);
    timer.slot = (int) (slot & (SLOTS - 1));
    Timer next = slots[timer.slot];
    timer.next = next;
    if (next != null) {
      next.previous = timer;
    }
    slots[timer.slot] = timer;
    filed.lazySet(filed.get() + 1);
  }

  private void remove(Timer timer) {
    Timer previous = timer.previous;
    Timer next = timer.next;
    if (previous == null) {
      slots[timer.slot] = next;
    } else {
      previous.next = next;
    }
    if (next != null) {
      next.previous = previous;
    }
    timer.previous = null;
    timer.next = null;
    timer.slot = Timer.NOWHERE;
    filed.lazySet(filed.get() - 1);
  }

  /** Turns the wheel up to {@code now} and gives out what is due. */
  private void turn(long now) {
    long reached = (now - origin) / SLOT_NANOS;
    long first = Math.max(turned + 1, reached - SLOTS + 1);
    for (long slot = first; slot <= reached; slot++) {
      Timer timer = slots[(int) (slot & (SLOTS - 1))];
      while (timer != null) {
        Timer next = timer.next;
        if (timer.due - now <= 0) {
          remove(timer);
          Runnable task = timer.fire();
          if (task != null) {
            give(task);
          }
        }
        timer = next;
      }
    }
    turned = Math.max(turned, reached);
  }

  private void give(Runnable task) {
    try {
      runner.accept(task);
    } catch (Throwable noRoom) {
      // There is only this thread: it goes on, and with it all other timers.
    }
  }

  /** When the next timer is due; or when the wheel has gone round once, to look again. */
  private long nextDue() {
    for (long slot = turned + 1; slot <= turned + SLOTS; slot++) {
      long end = origin + slot * SLOT_NANOS;
      for (Timer timer = slots[(int) (slot & (SLOTS - 1))]; timer != null; timer = timer.next) {
        if (timer.due - end <= 0) {
          return end;
        }
      }
    }
    return origin + (turned + SLOTS) * SLOT_NANOS;
  }

  /**
   * Where timers are dropped: the last one on top. Followed by two cache lines that nobody writes,
   * so that those of several threads are not on one.
   */
  @SuppressWarnings("UnusedVariable")
  private static final class Inbox {

    private static final VarHandle TOP = handle(Inbox.class, "top", Timer.class);

    private volatile @Nullable Timer top;

    /** How many were dropped while the thread slept; to miss some does no harm. */
    int crowd;

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

    void drop(Timer timer) {
      Timer below;
      do {
        below = top;
        timer.below = below;
      } while (!TOP.compareAndSet(this, below, timer));
    }

    @Nullable Timer first() {
      return top;
    }

    @Nullable Timer empty() {
      crowd = 0;
      return top == null ? null : (Timer) TOP.getAndSet(this, null);
    }
  }

  /** One timer. Who arms it has it as a {@link Cancellable}. */
  private static final class Timer implements Cancellable {

    static final int NOWHERE = -1;

    private static final VarHandle STATE = handle(Timer.class, "state", int.class);

    /** Dropped into an inbox. */
    private static final int DROPPED = 0;

    /** In the wheel, or on the way there. */
    private static final int FILED = 1;

    /** Given out, or cancelled. */
    private static final int OVER = 2;

    private final TimerWheel wheel;
    private @Nullable Runnable task;
    private volatile int state;

    final long due;

    /** The one under it in the inbox. */
    @Nullable Timer below;

    // What follows belongs to the thread.
    int slot = NOWHERE;
    @Nullable Timer previous;
    @Nullable Timer next;

    Timer(TimerWheel wheel, Runnable task, long due) {
      this.wheel = wheel;
      this.task = task;
      this.due = due;
    }

    boolean isWaiting() {
      return state == DROPPED;
    }

    /** Whether it is still wanted: then it is to be filed. */
    boolean isFiledAway() {
      return STATE.compareAndSet(this, DROPPED, FILED);
    }

    @Nullable Runnable fire() {
      Runnable fired = task;
      if (!STATE.compareAndSet(this, FILED, OVER)) {
        return null;
      }
      task = null;
      return fired;
    }

    @Override
    public void cancel() {
      if (STATE.compareAndSet(this, DROPPED, OVER)) {
        task = null;
      } else if (STATE.compareAndSet(this, FILED, OVER)) {
        task = null;
        wheel.takeOut(this);
      }
    }
  }

  private static VarHandle handle(Class<?> owner, String field, Class<?> type) {
    try {
      return MethodHandles.privateLookupIn(owner, MethodHandles.lookup())
          .findVarHandle(owner, field, type);
    } catch (ReflectiveOperationException impossible) {
      throw new ExceptionInInitializerError(impossible);
    }
  }
}
