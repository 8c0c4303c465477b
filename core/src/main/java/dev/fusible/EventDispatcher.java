package dev.fusible;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes events to listeners and to the log, in the order they were given in, on one thread of its
 * own: neither a slow listener nor a blocked log delays a call. When its queue is full, events are
 * dropped and counted. Thread-safe.
 */
final class EventDispatcher {

  private final List<CircuitBreakerListener> listeners;
  private final EventLog log = new EventLog();
  private final AtomicLong dropped = new AtomicLong();
  private final Executor delivery;
  private final @Nullable EventQueue queue;

  EventDispatcher(List<CircuitBreakerListener> listeners, @Nullable Executor delivery) {
    this.listeners = List.copyOf(listeners);
    EventQueue own = delivery == null ? new EventQueue(dropped) : null;
    this.queue = own;
    this.delivery = own != null ? own : Objects.requireNonNull(delivery);
  }

  /** Whether anybody hears of the calls of all circuits. */
  boolean isHeard() {
    return !listeners.isEmpty();
  }

  /** Delivers an event that there is one of for each call: the first to be dropped. */
  void dispatchOfCall(List<CircuitBreakerListener> own, Consumer<CircuitBreakerListener> event) {
    if (queue != null && !queue.hasPlacesForCalls()) {
      dropped.incrementAndGet();
    } else {
      dispatch(own, event);
    }
  }

  void dispatch(List<CircuitBreakerListener> own, Consumer<CircuitBreakerListener> event) {
    try {
      delivery.execute(
          () -> {
            deliver(log, event);
            listeners.forEach(listener -> deliver(listener, event));
            own.forEach(listener -> deliver(listener, event));
          });
    } catch (Throwable noThread) {
      // A call must not suffer for its event.
      dropped.incrementAndGet();
    }
  }

  private void deliver(CircuitBreakerListener listener, Consumer<CircuitBreakerListener> event) {
    try {
      event.accept(listener);
    } catch (Throwable failure) {
      if (listener != log) {
        log.listenerFailed(failure);
      }
    }
  }

  long dropped() {
    return dropped.get();
  }

  /** Delivers what is queued, for at most {@code millis}, and ends the thread. */
  void close(long millis) {
    if (queue != null) {
      queue.close(millis);
    }
  }
}
