package dev.fusible;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The machine's clocks. One daemon thread keeps every timer, and what falls due runs on a thread of
 * its own: an answer that is given then may run its receiver's code, which must not hold up the
 * limits of other calls. It is no virtual thread, since operations that cling to their carriers
 * would hold up those. A cancelled timer leaves its queue at once.
 */
final class SystemTimeSource implements TimeSource {

  static final SystemTimeSource INSTANCE = new SystemTimeSource();

  private final ScheduledThreadPoolExecutor timer;
  private final Executor due = Threads.asNeeded("fusible-due");

  private SystemTimeSource() {
    timer = new ScheduledThreadPoolExecutor(1, Threads.daemons("fusible-timer"));
    timer.setRemoveOnCancelPolicy(true);
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public Instant now() {
    return Instant.now();
  }

  @Override
  public Cancellable schedule(Runnable task, Duration delay) {
    ScheduledFuture<?> scheduled =
        timer.schedule(() -> run(task), delay.toNanos(), TimeUnit.NANOSECONDS);
    return () -> scheduled.cancel(false);
  }

  /** How many timers are armed. */
  int armed() {
    return timer.getQueue().size();
  }

  private void run(Runnable task) {
    Runnable quiet =
        () -> {
          try {
            task.run();
          } catch (Throwable dropped) {
            // As promised. An uncaught one would be printed, with a message that may be private.
          }
        };
    try {
      due.execute(quiet);
    } catch (Throwable noThread) {
      quiet.run();
    }
  }
}
