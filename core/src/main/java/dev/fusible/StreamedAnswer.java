package dev.fusible;

import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A stream that an asynchronous operation answered with, for {@link
 * VoiceCircuitBreaker#executeAsync(Supplier, Function)}. Immutable.
 *
 * @param publisher what the operation answered with
 * @param options how it is guarded; its limits count from the start of the call
 * @param subscriber who gets the guarded stream
 * @param <T> the type of the items
 */
public record StreamedAnswer<T>(
    Flow.Publisher<? extends T> publisher,
    StreamOptions<T> options,
    Flow.Subscriber<? super T> subscriber) {

  public StreamedAnswer {
    Objects.requireNonNull(publisher, "publisher");
    Objects.requireNonNull(options, "options");
    Objects.requireNonNull(subscriber, "subscriber");
  }
}
