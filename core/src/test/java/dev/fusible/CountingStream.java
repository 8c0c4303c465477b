package dev.fusible;

import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A publisher of the numbers up to {@code items} that keeps all rules: it answers within a request,
 * on the same stack, but one request after the other.
 */
record CountingStream(long items) implements Flow.Publisher<String> {

  @Override
  public void subscribe(Flow.Subscriber<? super String> subscriber) {
    subscriber.onSubscribe(new Counter(subscriber, items));
  }

  private static final class Counter implements Flow.Subscription {

    private final long items;
    private final AtomicLong demand = new AtomicLong();
    private volatile Flow.Subscriber<? super String> subscriber;
    private long sent;

    Counter(Flow.Subscriber<? super String> subscriber, long items) {
      this.subscriber = subscriber;
      this.items = items;
    }

    @Override
    public void request(long n) {
      if (demand.getAndUpdate(d -> d + n < 0 ? Long.MAX_VALUE : d + n) != 0) {
        return;
      }
      long present = demand.get();
      long done = 0;
      do {
        for (; done < present && sent < items && subscriber != null; done++) {
          subscriber.onNext(Long.toString(sent++));
        }
        Flow.Subscriber<? super String> last = subscriber;
        if (sent == items && last != null) {
          subscriber = null;
          last.onComplete();
        }
        present = subscriber == null ? 0 : demand.addAndGet(-done);
        done = 0;
      } while (present != 0);
    }

    @Override
    public void cancel() {
      subscriber = null;
    }
  }
}
