package dev.fusible;

import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A guarded stream's subscriber: gets its signals one after the other. An item is passed on by the
 * thread that brought it; the last signals by whoever comes to them first, the fallback's item only
 * when it was asked for. Thread-safe.
 */
final class Downstream<T> {

  /** What is left to say: an item, if any, and then the end. */
  private record Last<T>(@Nullable T item, @Nullable Throwable error) {}

  private final StreamLimits limits;
  private final TimeSource time;
  private final AtomicInteger signals = new AtomicInteger();
  private final AtomicReference<@Nullable Last<T>> last = new AtomicReference<>();

  /** Dropped when there is nothing more to say to it. */
  private volatile Flow.@Nullable Subscriber<? super T> subscriber;

  private boolean itemSaid;

  Downstream(Flow.Subscriber<? super T> subscriber, StreamLimits limits, TimeSource time) {
    this.subscriber = subscriber;
    this.limits = limits;
    this.time = time;
  }

  /** What became of an item. */
  enum Fate {
    PASSED,
    /** The end came first. */
    LATE,
    /** The subscriber has not asked for it. */
    UNASKED
  }

  /** Passes an item on. Throws what the subscriber throws, which has ended itself by it. */
  Fate pass(T item) {
    // Upstream's signals come one after the other: if somebody is here already, it is either this
    // very thread, whose subscriber asked for more in the midst of an item, or the thread that says
    // the end, and then the item is late.
    boolean outermost = signals.getAndIncrement() == 0;
    try {
      Flow.Subscriber<? super T> present = subscriber;
      if (present == null || last.get() != null) {
        return Fate.LATE;
      }
      if (!limits.give(time.nanoTime())) {
        return Fate.UNASKED;
      }
      present.onNext(item);
      return Fate.PASSED;
    } catch (Throwable broken) {
      silence();
      throw broken;
    } finally {
      if (outermost) {
        leave();
      }
    }
  }

  /** Says {@code item}, if any, and ends. Only the first end counts. */
  void end(@Nullable T item, @Nullable Throwable error) {
    if (last.compareAndSet(null, new Last<>(item, error))) {
      sayTheRest();
    }
  }

  /** Says what is left to say, unless somebody is giving a signal: then that thread says it. */
  void sayTheRest() {
    if (signals.getAndIncrement() == 0) {
      leave();
    }
  }

  /** The subscriber wants to hear no more. */
  void silence() {
    subscriber = null;
  }

  private void leave() {
    int missed = 1;
    do {
      try {
        rest();
      } catch (Throwable broken) {
        // A subscriber that throws has ended itself.
        silence();
      }
      missed = signals.addAndGet(-missed);
    } while (missed != 0);
  }

  private void rest() {
    Last<T> rest = last.get();
    Flow.Subscriber<? super T> present = subscriber;
    if (rest == null || present == null) {
      return;
    }
    T item = rest.item();
    if (item != null && !itemSaid) {
      if (!limits.give(time.nanoTime())) {
        return;
      }
      itemSaid = true;
      present.onNext(item);
      if (subscriber == null) {
        return;
      }
    }
    silence();
    if (rest.error() != null) {
      present.onError(rest.error());
    } else {
      present.onComplete();
    }
  }
}
