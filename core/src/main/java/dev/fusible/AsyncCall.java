package dev.fusible;

import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One asynchronous call: the future that its caller holds. Cancelling it cancels the operation and
 * settles the attempt as ignored. The operation is cancelled too when its limit passes.
 */
class AsyncCall<T extends @Nullable Object> extends CompletableFuture<ExecutionResult<T>> {

  final Circuit circuit;
  final @Nullable String language;
  final long startNanos;
  private final Supplier<? extends CompletionStage<? extends T>> operation;
  private volatile @Nullable Attempt attempt;
  private volatile @Nullable CompletableFuture<?> running;
  private volatile @Nullable TimeLimit timers;

  AsyncCall(
      Circuit circuit,
      @Nullable String language,
      Supplier<? extends CompletionStage<? extends T>> operation,
      long startNanos) {
    this.circuit = circuit;
    this.language = language;
    this.operation = operation;
    this.startNanos = startNanos;
  }

  void start() {
    Admitted.await(circuit, this::admitted);
  }

  private void admitted(@Nullable Attempt granted) {
    if (granted == null) {
      complete(Answer.fallback(circuit, language, FallbackType.CIRCUIT_OPEN, null, startNanos));
      return;
    }
    attempt = granted;
    if (isCancelled()) {
      granted.ignored();
      return;
    }
    timers =
        TimeLimit.arm(
            granted,
            () -> limitPassed(granted),
            () ->
                complete(
                    Answer.fallback(circuit, language, FallbackType.TIMEOUT, null, startNanos)));
    CompletionStage<? extends T> stage;
    try {
      stage = operation.get();
      CompletionStage<? extends T> unneeded =
          stage.whenComplete((value, error) -> ended(granted, value, error));
      Objects.requireNonNull(unneeded);
    } catch (Throwable error) {
      failed(granted, error);
      return;
    }
    running = futureOf(stage);
    if (granted.get()) {
      // The limit passed, or the caller cancelled, before there was anything to cancel.
      cancelOperation();
    }
  }

  private static @Nullable CompletableFuture<?> futureOf(CompletionStage<?> stage) {
    try {
      return stage.toCompletableFuture();
    } catch (UnsupportedOperationException noFuture) {
      return null;
    }
  }

  private void ended(Attempt granted, @Nullable T value, @Nullable Throwable error) {
    if (error != null) {
      failed(granted, Answer.unwrapped(error));
    } else {
      answered(granted, value);
    }
  }

  /** The operation has answered. */
  void answered(Attempt granted, @Nullable T value) {
    if (granted.succeeded(value)) {
      disarm();
      complete(Answer.success(circuit, value, startNanos));
    } else {
      granted.cameLate();
    }
  }

  final void failed(Attempt granted, Throwable error) {
    if (!granted.failed(error)) {
      if (!Answer.isObedience(error)) {
        granted.cameLate();
      }
      return;
    }
    disarm();
    if (error instanceof Error) {
      completeExceptionally(error);
    } else if (!isDone()) {
      complete(Answer.fallback(circuit, language, FallbackType.SYSTEM_ERROR, error, startNanos));
    }
  }

  /** Whether the wait for the answer is still on, and this is its end. */
  boolean endsWait() {
    return true;
  }

  private void limitPassed(Attempt granted) {
    if (endsWait() && granted.timedOut()) {
      disarm();
      cancelOperation();
      if (!isDone()) {
        complete(Answer.fallback(circuit, language, FallbackType.TIMEOUT, null, startNanos));
      }
    }
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    if (!completeExceptionally(new CancellationException("cancelled by the caller"))) {
      return isCancelled();
    }
    Attempt granted = attempt;
    if (granted != null && granted.ignored()) {
      disarm();
      cancelOperation();
    }
    return true;
  }

  private void cancelOperation() {
    CompletableFuture<?> future = running;
    if (future != null) {
      future.cancel(true);
    }
  }

  final void disarm() {
    TimeLimit armed = timers;
    if (armed != null) {
      armed.disarm();
    }
  }
}
