package dev.fusible.testkit;

import dev.fusible.Cancellable;
import dev.fusible.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Time that stands still until a test moves it. Thread-safe. {@link #advance} runs what falls due
 * in order of its due time (of its scheduling, where two are due together), on the thread that
 * advances, each with the clock at its due time.
 */
public final class ManualTime implements TimeSource {

  private record Task(long dueNanos, long order, Runnable action) implements Comparable<Task> {
    @Override
    public int compareTo(Task other) {
      int byDue = Long.compare(dueNanos, other.dueNanos);
      return byDue != 0 ? byDue : Long.compare(order, other.order);
    }
  }

  private final PriorityQueue<Task> tasks = new PriorityQueue<>();
  private Instant wallClock = Instant.parse("2026-01-01T00:00:00Z");
  private long nanos;
  private long order;

  @Override
  public synchronized long nanoTime() {
    return nanos;
  }

  @Override
  public synchronized Instant now() {
    return wallClock;
  }

  @Override
  public synchronized Cancellable schedule(Runnable task, Duration delay) {
    Task scheduled = new Task(nanos + Math.max(0, delay.toNanos()), order++, task);
    tasks.add(scheduled);
    return () -> cancel(scheduled);
  }

  private synchronized void cancel(Task task) {
    tasks.remove(task);
  }

  /** Moves both clocks on by {@code duration} and runs what falls due on the way. */
  public void advance(Duration duration) {
    long until = nanoTime() + duration.toNanos();
    for (Task due = nextDue(until); due != null; due = nextDue(until)) {
      due.action().run();
    }
  }

  private synchronized @Nullable Task nextDue(long until) {
    Task next = tasks.peek();
    if (next == null || next.dueNanos() > until) {
      moveTo(until);
      return null;
    }
    moveTo(next.dueNanos());
    return tasks.remove();
  }

  private void moveTo(long target) {
    if (target > nanos) {
      wallClock = wallClock.plusNanos(target - nanos);
      nanos = target;
    }
  }

  /** Sets the wall clock alone, as an operator or a time server may; no timer moves. */
  public synchronized void setWallClock(Instant instant) {
    wallClock = instant;
  }

  /** How many timers are armed: 0 after all calls have ended proves that none was left behind. */
  public synchronized int pendingTasks() {
    return tasks.size();
  }
}
