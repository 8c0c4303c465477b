package dev.fusible;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executor;

/**
 * The machine's clocks. One daemon thread keeps every timer, and what falls due runs on a thread of
 * its own: an answer that is given then may run its receiver's code, which must not hold up the
 * limits of other calls. It is no virtual thread, since operations that cling to their carriers
 * would hold up those.
 */
final class SystemTimeSource implements TimeSource {

  static final SystemTimeSource INSTANCE = new SystemTimeSource();

  private final Executor due = Threads.asNeeded("fusible-due");

  private final TimerWheel timers = new TimerWheel("fusible-timer", this::run);

  private SystemTimeSource() {}

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
    return timers.schedule(task, delay.toNanos());
  }

  /** How many timers are armed, or were until a moment ago. */
  int armed() {
    return timers.armed();
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
