package dev.fusible;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Runs operations of a store so that nothing it does can hold anybody up: each begins on the
 * worker, and is answered once, by the store or by a timer. One that was answered by the timer
 * before it began never begins; one that blocks the worker is interrupted. Thread-safe.
 */
final class StoreOperations {

  /** How long an operation of the store may take. */
  static final Duration PATIENCE = Duration.ofSeconds(2);

  private static final StoreException NO_ANSWER = new StoreException("no_answer", null);

  private final CircuitBreakerStore store;
  private final TimeSource time;
  private final Executor worker;

  /** The worker, where it is a thread of our own. */
  private final @Nullable ThreadPoolExecutor ownThread;

  StoreOperations(CircuitBreakerStore store, TimeSource time, Executor worker) {
    this.store = store;
    this.time = time;
    this.worker = worker;
    this.ownThread = worker instanceof ThreadPoolExecutor pool ? pool : null;
  }

  /**
   * Starts an operation on the worker; {@code answer} gets its result or its failure, once, in two
   * seconds at most.
   */
  <T> void ask(
      Function<CircuitBreakerStore, CompletionStage<T>> operation,
      BiConsumer<@Nullable T, @Nullable Throwable> answer) {
    Asked<T> asked = new Asked<>(answer);
    FutureTask<@Nullable Void> task =
        new FutureTask<>(
            () -> {
              CompletionStage<T> unneeded = operation.apply(store).whenComplete(asked::answered);
              Objects.requireNonNull(unneeded);
              return null;
            }) {
          @Override
          protected void setException(Throwable failure) {
            super.setException(failure);
            asked.answered(null, failure);
          }
        };
    asked.limit = time.schedule(() -> timedOut(asked, task), PATIENCE);
    try {
      worker.execute(task);
    } catch (Throwable refused) {
      asked.answered(null, refused);
    }
  }

  private void timedOut(Asked<?> asked, FutureTask<?> task) {
    if (ownThread == null) {
      task.cancel(false);
    } else {
      task.cancel(true);
      ownThread.remove(task);
    }
    asked.answered(null, new StoreException("timeout", null));
  }

  /** Who waits for an answer: gets one. */
  private static final class Asked<T> {

    private final AtomicReference<@Nullable BiConsumer<@Nullable T, @Nullable Throwable>> once;
    private volatile @Nullable Cancellable limit;

    Asked(BiConsumer<@Nullable T, @Nullable Throwable> answer) {
      once = new AtomicReference<>(answer);
    }

    void answered(@Nullable T value, @Nullable Throwable failure) {
      BiConsumer<@Nullable T, @Nullable Throwable> answer = once.getAndSet(null);
      if (answer == null) {
        return;
      }
      Cancellable armed = limit;
      if (armed != null) {
        armed.cancel();
      }
      answer.accept(value, value == null && failure == null ? NO_ANSWER : failure);
    }
  }
}
