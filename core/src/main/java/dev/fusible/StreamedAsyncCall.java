package dev.fusible;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An asynchronous call whose answer may be a stream, which shows only when it has come. One attempt
 * is all of it: the limit of the call bounds the wait for the answer, and when that is a stream the
 * attempt passes to a {@link StreamCall}. Whether the limit or the answer came first is decided by
 * one compare-and-set on {@link #waiting}.
 */
final class StreamedAsyncCall<T extends @Nullable Object> extends AsyncCall<T> {

  private final Function<? super T, ? extends @Nullable StreamedAnswer<?>> streamIn;
  private final AtomicBoolean waiting = new AtomicBoolean(true);

  StreamedAsyncCall(
      Passage passage,
      @Nullable String language,
      Supplier<? extends CompletionStage<? extends T>> operation,
      Function<? super T, ? extends @Nullable StreamedAnswer<?>> streamIn,
      long startNanos) {
    super(passage, language, operation, startNanos);
    this.streamIn = streamIn;
  }

  @Override
  boolean endsWait() {
    return waiting.compareAndSet(true, false);
  }

  @Override
  @SuppressWarnings("NullAway") // T itself may be nullable: a null is the operation's own value.
  void answered(Attempt granted, @Nullable T value) {
    StreamedAnswer<?> stream;
    try {
      stream = streamIn.apply(value);
    } catch (Throwable brokenFunction) {
      failed(granted, brokenFunction);
      return;
    }
    if (stream == null) {
      super.answered(granted, value);
    } else if (!isCancelled() && endsWait()) {
      disarm();
      goOn(granted, value, stream);
    } else {
      if (!isCancelled()) {
        granted.cameLate();
      }
      unwanted(stream);
    }
  }

  private <I> void goOn(Attempt granted, T value, StreamedAnswer<I> stream) {
    Flow.Subscriber<? super I> listener = stream.subscriber();
    StreamCall<I> call =
        new StreamCall<>(circuit, language, stream.options(), listener, startNanos);
    if (!answers()) {
      answeredBefore(granted, stream, call);
      return;
    }
    try {
      listener.onSubscribe(call);
    } catch (Throwable broken) {
      call.cancel();
    }
    if (!call.start(granted, stream::publisher)) {
      unwanted(stream);
    }
    complete(Answer.success(circuit, value, startNanos));
  }

  /**
   * The caller of a trial has lost patience: the trial goes on unheard. Any other caller gave up.
   */
  private static <I> void answeredBefore(
      Attempt granted, StreamedAnswer<I> stream, StreamCall<I> call) {
    if (granted.isTrial() && !granted.isSettled()) {
      call.startUnheard(granted, stream::publisher);
    } else {
      granted.ignored();
      unwanted(stream);
    }
  }

  private static <I> void unwanted(StreamedAnswer<I> stream) {
    try {
      stream.publisher().subscribe(new Unwanted<>());
    } catch (RuntimeException brokenPublisher) {
      // There is no stream to cancel.
    }
  }

  /** Nobody wants the stream any more. */
  private record Unwanted<I>() implements Flow.Subscriber<I> {

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.cancel();
    }

    @Override
    public void onNext(I item) {}

    @Override
    public void onError(Throwable error) {}

    @Override
    public void onComplete() {}
  }
}
