package dev.fusible;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;

/** A subscriber that remembers what it heard, and asks for as much as a test says. */
class Hearer implements Flow.Subscriber<String> {

  final List<String> heard = new ArrayList<>();
  final List<String> ends = new ArrayList<>();
  Flow.Subscription subscription;
  Throwable error;
  private final long first;

  /**
   * @param first what to ask for at once
   */
  Hearer(long first) {
    this.first = first;
  }

  static Hearer ofAll() {
    return new Hearer(Long.MAX_VALUE);
  }

  @Override
  public void onSubscribe(Flow.Subscription present) {
    subscription = present;
    if (first > 0) {
      present.request(first);
    }
  }

  @Override
  public void onNext(String item) {
    heard.add(item);
  }

  @Override
  public void onError(Throwable failure) {
    error = failure;
    ends.add("error");
  }

  @Override
  public void onComplete() {
    ends.add("complete");
  }

  boolean hasEnded() {
    return !ends.isEmpty();
  }
}
