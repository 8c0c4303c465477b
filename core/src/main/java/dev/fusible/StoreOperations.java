package dev.fusible;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Runs operations of a store so that nothing it does can hold anybody up: each begins on the
 * worker, and is answered once, by the store or by a timer. Thread-safe.
 */
final class StoreOperations {

  /** How long an operation of the store may take. */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private static final StoreException NO_ANSWER = new StoreException("no_answer", null);

  private final CircuitBreakerStore store;
  private final TimeSource time;
  private final Executor worker;

  StoreOperations(CircuitBreakerStore store, TimeSource time, Executor worker) {
    this.store = store;
    this.time = time;
    this.worker = worker;
  }

  /**
   * Starts an operation on the worker; {@code answer} gets its result or its failure, once, in two
   * seconds at most.
   */
  <T> void ask(
      Function<CircuitBreakerStore, CompletionStage<T>> operation,
      BiConsumer<@Nullable T, @Nullable Throwable> answer) {
    AtomicReference<@Nullable BiConsumer<@Nullable T, @Nullable Throwable>> once =
        new AtomicReference<>(answer);
    Cancellable limit =
        time.schedule(() -> answerOnce(once, null, new StoreException("timeout", null)), PATIENCE);
    BiConsumer<@Nullable T, @Nullable Throwable> answered =
        (value, failure) -> {
          limit.cancel();
          answerOnce(once, value, failure);
        };
    try {
      worker.execute(
          () -> {
            try {
              CompletionStage<T> unneeded = operation.apply(store).whenComplete(answered);
              Objects.requireNonNull(unneeded);
            } catch (Throwable failure) {
              answered.accept(null, failure);
            }
          });
    } catch (RuntimeException rejected) {
      answered.accept(null, rejected);
    }
  }

  private static <T> void answerOnce(
      AtomicReference<@Nullable BiConsumer<@Nullable T, @Nullable Throwable>> once,
      @Nullable T value,
      @Nullable Throwable failure) {
    BiConsumer<@Nullable T, @Nullable Throwable> answer = once.getAndSet(null);
    if (answer != null) {
      answer.accept(value, value == null && failure == null ? NO_ANSWER : failure);
    }
  }
}
