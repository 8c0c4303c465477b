package dev.fusible;

import java.time.Duration;
import java.time.Instant;
import java.util.function.Consumer;

/** Time that stands still, and hands on what is scheduled. */
record LoneTime(Consumer<Runnable> scheduled) implements TimeSource {

  @Override
  public long nanoTime() {
    return 0;
  }

  @Override
  public Instant now() {
    return Instant.EPOCH;
  }

  @Override
  public Cancellable schedule(Runnable task, Duration delay) {
    scheduled.accept(task);
    return () -> {};
  }
}
