package dev.fusible;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A timer that asks for a turn, of which one at most is armed. Thread-safe. */
final class ComingTurn {

  private final AtomicBoolean armed = new AtomicBoolean();
  private volatile @Nullable Cancellable timer;

  /** Arms the timer, unless it is: then the turn comes when it comes, and may arm it again. */
  void in(long nanos, TimeSource time, Runnable take) {
    if (armed.compareAndSet(false, true)) {
      Runnable fire =
          () -> {
            armed.set(false);
            take.run();
          };
      timer = time.schedule(fire, Duration.ofNanos(nanos));
    }
  }

  boolean isArmed() {
    return armed.get();
  }

  void cancel() {
    Cancellable present = timer;
    if (present != null) {
      present.cancel();
    }
  }
}
