package dev.fusible;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Watches over the limits of the calls that one thread makes, one inside another, with one timer
 * for all of them. A call that ends leaves the timer where it is: when it goes off, it is set anew
 * to the first limit of the calls under way then, and to none while there are no calls. So most
 * calls arm nothing, and a thread has a timer for as long as it makes limited calls, and one limit
 * longer. The races:
 *
 * <ul>
 *   <li><b>A call that begins against the timer going off</b>: who begins is seen among the calls
 *       before it looks whether the timer is set early enough; the timer says that it is no longer
 *       set before it looks at the calls. So one of them sees the other.
 *   <li><b>Both setting the timer</b>: who sets it does so by a compare-and-set of the {@link
 *       Alarm}. One that was replaced is called off, and does nothing if it goes off all the same.
 *   <li><b>The limit against the end of the call</b>: settled by the call ({@link InlineCall}).
 * </ul>
 */
final class Watch {

  /** A call with a limit, in the calls of its thread. */
  abstract static class Watched {

    private final long due;

    /** The call that this one is made in. */
    private @Nullable Watched around;

    Watched(long due) {
      this.due = due;
    }

    /** When its limit passes. */
    final long due() {
      return due;
    }

    /** Whether its limit has interrupted its thread, or is about to. */
    abstract boolean isInterrupted();

    final boolean isInterruptedAround() {
      for (Watched call = around; call != null; call = call.around) {
        if (call.isInterrupted()) {
          return true;
        }
      }
      return false;
    }

    /** Its limit has passed; on a thread of the time source, perhaps several times. */
    abstract void limitPassed();
  }

  /** A timer, and the time that it is set to. */
  private static final class Alarm {

    final long due;
    private volatile @Nullable Cancellable timer;

    Alarm(long due) {
      this.due = due;
    }

    void callOff() {
      Cancellable armed = timer;
      if (armed != null) {
        armed.cancel();
      }
    }
  }

  private static final ThreadLocal<Watch> OF_THREAD = ThreadLocal.withInitial(Watch::new);

  private static final VarHandle ALARM;

  static {
    try {
      ALARM = MethodHandles.lookup().findVarHandle(Watch.class, "alarm", Alarm.class);
    } catch (ReflectiveOperationException impossible) {
      throw new ExceptionInInitializerError(impossible);
    }
  }

  private final Thread thread = Thread.currentThread();
  private final TimeSource time = TimeSource.system();
  private volatile @Nullable Watched innermost;

  /** {@code null} while no timer is set. */
  private volatile @Nullable Alarm alarm;

  private Watch() {}

  /** The one of this thread. */
  static Watch here() {
    return OF_THREAD.get();
  }

  Thread thread() {
    return thread;
  }

  /** The call begins, on this thread. */
  void begin(Watched call) {
    call.around = innermost;
    innermost = call;
    Alarm present = alarm;
    if (present == null || call.due - present.due < 0) {
      set(call.due);
    }
  }

  /** It has ended: the latest that had begun and not ended. */
  void end(Watched call) {
    innermost = call.around;
  }

  private void set(long due) {
    Alarm next = new Alarm(due);
    Alarm present;
    do {
      present = alarm;
      if (present != null && due - present.due >= 0) {
        return;
      }
    } while (!ALARM.compareAndSet(this, present, next));
    if (present != null) {
      present.callOff();
    }
    try {
      next.timer = time.schedule(() -> goOff(next), Duration.ofNanos(due - time.nanoTime()));
    } catch (Throwable noTimer) {
      boolean unused = ALARM.compareAndSet(this, next, null);
      throw noTimer;
    }
    if (alarm != next) {
      // Replaced before there was anything to call off.
      next.callOff();
    }
  }

  private void goOff(Alarm gone) {
    if (!ALARM.compareAndSet(this, gone, null)) {
      return;
    }
    long now = time.nanoTime();
    for (Watched call = innermost; call != null; call = call.around) {
      if (call.due - now <= 0) {
        call.limitPassed();
      } else {
        set(call.due);
      }
    }
  }
}
