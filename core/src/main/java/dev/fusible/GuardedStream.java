package dev.fusible;

import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A stream under a circuit: each subscriber is a call of its own, admitted when it subscribes. */
final class GuardedStream<T> implements Flow.Publisher<T> {

  /** What a subscriber holds that is told at once that it came too late. */
  private static final Flow.Subscription NOTHING =
      new Flow.Subscription() {
        @Override
        public void request(long n) {}

        @Override
        public void cancel() {}
      };

  private final Supplier<Passage> passage;
  private final @Nullable String language;
  private final Supplier<? extends Flow.Publisher<? extends T>> operation;
  private final StreamOptions<T> options;

  GuardedStream(
      Supplier<Passage> passage,
      @Nullable String language,
      Supplier<? extends Flow.Publisher<? extends T>> operation,
      StreamOptions<T> options) {
    this.passage = passage;
    this.language = language;
    this.operation = operation;
    this.options = options;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super T> subscriber) {
    Objects.requireNonNull(subscriber, "subscriber");
    Passage present;
    try {
      present = passage.get();
    } catch (IllegalStateException closed) {
      subscriber.onSubscribe(NOTHING);
      subscriber.onError(closed);
      return;
    }
    long startNanos = present.own().context().time().nanoTime();
    StreamCall<T> call = new StreamCall<>(present.own(), language, options, subscriber, startNanos);
    subscriber.onSubscribe(call);
    if (call.isOver()) {
      return;
    }
    Admitted.await(
        present,
        attempt -> {
          if (attempt == null) {
            call.rejected();
          } else {
            call.start(attempt, operation);
          }
        });
  }
}
