package dev.fusible;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A stream under a circuit: each subscriber is a call of its own, admitted when it subscribes. */
final class GuardedStream<T> implements Flow.Publisher<T> {

  private final Supplier<Circuit> circuit;
  private final @Nullable String language;
  private final Supplier<? extends Flow.Publisher<? extends T>> operation;
  private final StreamOptions<T> options;

  GuardedStream(
      Supplier<Circuit> circuit,
      @Nullable String language,
      Supplier<? extends Flow.Publisher<? extends T>> operation,
      StreamOptions<T> options) {
    this.circuit = circuit;
    this.language = language;
    this.operation = operation;
    this.options = options;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super T> subscriber) {
    Objects.requireNonNull(subscriber, "subscriber");
    Circuit present = circuit.get();
    long startNanos = present.context().time().nanoTime();
    StreamCall<T> call = new StreamCall<>(present, language, options, subscriber, startNanos);
    subscriber.onSubscribe(call);
    Admitted admitted = present.admit();
    if (admitted instanceof Admitted.Now now) {
      start(call, now.attempt());
    } else if (admitted instanceof Admitted.Claiming claiming) {
      claim(call, claiming.attempt());
    }
  }

  private void claim(StreamCall<T> call, CompletableFuture<@Nullable Attempt> claim) {
    if (claim.isDone()) {
      start(call, claim.join());
      return;
    }
    CompletableFuture<Void> unneeded =
        claim
            .completeOnTimeout(null, CircuitContext.CLAIM_WAIT.toMillis(), TimeUnit.MILLISECONDS)
            .thenAcceptAsync(attempt -> start(call, attempt), circuit.get().context().executor());
    Objects.requireNonNull(unneeded);
  }

  private void start(StreamCall<T> call, @Nullable Attempt attempt) {
    if (attempt == null) {
      call.rejected();
    } else {
      call.start(attempt, operation);
    }
  }
}
