package dev.fusible;

import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The subscription to a guarded publisher. What is asked of it before it is there is kept; requests
 * are passed on one after the other, so that a publisher that answers within its {@code request}
 * does not make the stack grow. A cancellation passes at once, also beside a request that goes on.
 * Thread-safe.
 */
final class Upstream {

  /** What is left of a subscription when the publisher has ended it: nothing may be said to it. */
  private static final Flow.Subscription ENDED =
      new Flow.Subscription() {
        @Override
        public void request(long n) {}

        @Override
        public void cancel() {}
      };

  private final AtomicReference<Flow.@Nullable Subscription> subscription = new AtomicReference<>();
  private final AtomicLong asked = new AtomicLong();
  private final AtomicInteger passing = new AtomicInteger();
  private final Consumer<Throwable> onBroken;
  private volatile boolean cancelled;

  /**
   * @param onBroken hears what a request threw
   */
  Upstream(Consumer<Throwable> onBroken) {
    this.onBroken = onBroken;
  }

  void begin(Flow.Subscription present) {
    if (!subscription.compareAndSet(null, present)) {
      cancel(present);
      return;
    }
    if (cancelled) {
      cancel(present);
    } else {
      passOn();
    }
  }

  void request(long n) {
    asked.updateAndGet(before -> before + n < 0 ? Long.MAX_VALUE : before + n);
    passOn();
  }

  private void passOn() {
    if (passing.getAndIncrement() != 0) {
      return;
    }
    int missed = 1;
    do {
      Flow.Subscription present = subscription.get();
      long n = present == null || cancelled ? 0 : asked.getAndSet(0);
      if (present != null && n > 0) {
        try {
          present.request(n);
        } catch (Throwable broken) {
          onBroken.accept(broken);
        }
      }
      missed = passing.addAndGet(-missed);
    } while (missed != 0);
  }

  /** The publisher has said its last: a subscription that it begins after all is cancelled. */
  void ended() {
    subscription.set(ENDED);
  }

  void cancel() {
    cancelled = true;
    Flow.Subscription present = subscription.get();
    if (present != null) {
      cancel(present);
    }
  }

  private static void cancel(Flow.Subscription present) {
    try {
      present.cancel();
    } catch (Throwable broken) {
      // Nothing is expected of it any more, and what is left to say to the subscriber must be said.
    }
  }
}
