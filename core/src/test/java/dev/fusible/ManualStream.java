package dev.fusible;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;

/** An upstream that a test plays by hand; it remembers what was asked of it. For one subscriber. */
final class ManualStream<T> implements Flow.Publisher<T>, Flow.Subscription {

  final List<Long> requests = new ArrayList<>();
  private Flow.Subscriber<? super T> subscriber;
  private boolean cancelled;
  private RuntimeException onRequest;

  @Override
  public void subscribe(Flow.Subscriber<? super T> downstream) {
    subscriber = downstream;
    downstream.onSubscribe(this);
  }

  @Override
  public void request(long n) {
    requests.add(n);
    if (onRequest != null) {
      throw onRequest;
    }
  }

  @Override
  public void cancel() {
    cancelled = true;
  }

  void throwOnRequest(RuntimeException failure) {
    onRequest = failure;
  }

  Flow.Subscriber<? super T> subscriber() {
    return subscriber;
  }

  boolean isSubscribed() {
    return subscriber != null;
  }

  boolean isCancelled() {
    return cancelled;
  }

  void send(T item) {
    subscriber.onNext(item);
  }

  void complete() {
    subscriber.onComplete();
  }

  void fail(Throwable error) {
    subscriber.onError(error);
  }
}
