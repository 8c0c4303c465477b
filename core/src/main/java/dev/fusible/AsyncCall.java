package dev.fusible;

import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One asynchronous call: the future that its caller holds. Cancelling it cancels the operation and
 * settles the attempt as ignored. The operation is cancelled too when its limit passes, after the
 * caller has been answered: what a cancellation runs may take its time.
 *
 * <p>As in {@link SyncCall}, two things are decided, each once: the attempt, and who answers the
 * caller (by {@link #answers()}).
 */
class AsyncCall<T extends @Nullable Object> extends CompletableFuture<ExecutionResult<T>> {

  final Circuit circuit;
  private final Passage passage;
  final @Nullable String language;
  final long startNanos;
  private final Supplier<? extends CompletionStage<? extends T>> operation;
  private final AtomicBoolean answered = new AtomicBoolean();
  private volatile @Nullable Attempt attempt;
  private volatile @Nullable CompletableFuture<?> running;
  private volatile @Nullable Cancellable timers;

  AsyncCall(
      Passage passage,
      @Nullable String language,
      Supplier<? extends CompletionStage<? extends T>> operation,
      long startNanos) {
    this.passage = passage;
    this.circuit = passage.own();
    this.language = language;
    this.operation = operation;
    this.startNanos = startNanos;
  }

  void start() {
    Admitted.await(passage, this::admitted);
  }

  private void admitted(@Nullable Attempt granted) {
    if (granted == null) {
      fallBack(FallbackType.CIRCUIT_OPEN, null);
      return;
    }
    begin(granted, null);
    if (isCancelled()) {
      granted.ignored();
      return;
    }
    timers =
        TimeLimit.arm(
            granted,
            startNanos,
            () -> limitPassed(granted),
            () -> fallBack(FallbackType.TIMEOUT, null));
    CompletionStage<? extends T> stage;
    try {
      stage = operation.get();
    } catch (Throwable error) {
      failed(granted, error);
      return;
    }
    await(granted, stage);
  }

  /** The call has its permit and, if it is armed already, its limit. */
  final void begin(Attempt granted, @Nullable Cancellable limit) {
    attempt = granted;
    timers = limit;
  }

  /** The operation has been called: what it answered with is waited for. */
  final void await(Attempt granted, CompletionStage<? extends T> stage) {
    try {
      CompletionStage<? extends T> unneeded =
          stage.whenComplete((value, error) -> ended(granted, value, error));
      Objects.requireNonNull(unneeded);
    } catch (Throwable error) {
      failed(granted, error);
      return;
    }
    running = futureOf(stage);
    if (granted.isSettled()) {
      // The limit passed, or the caller cancelled, before there was anything to cancel.
      disarm();
      cancelOperation();
    }
  }

  private static @Nullable CompletableFuture<?> futureOf(CompletionStage<?> stage) {
    try {
      return stage.toCompletableFuture();
    } catch (RuntimeException noFuture) {
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
      if (answers()) {
        complete(Answer.success(circuit, value, startNanos));
      }
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
    if (!(error instanceof Error)) {
      fallBack(FallbackType.SYSTEM_ERROR, error);
    } else if (answers()) {
      completeExceptionally(error);
    }
  }

  /** Whether it is for whoever asks, and nobody else, to answer the caller. */
  final boolean answers() {
    return !isDone() && answered.compareAndSet(false, true);
  }

  private void fallBack(FallbackType type, @Nullable Throwable cause) {
    if (answers()) {
      complete(Answer.fallback(circuit, language, type, cause, startNanos));
    }
  }

  /** Whether the wait for the answer is still on, and this is its end. */
  boolean endsWait() {
    return true;
  }

  private void limitPassed(Attempt granted) {
    if (endsWait() && granted.timedOut()) {
      expire();
    }
  }

  /** The limit has passed, and the attempt is settled. */
  final void expire() {
    disarm();
    fallBack(FallbackType.TIMEOUT, null);
    cancelOperation();
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    if (!answers()
        || !completeExceptionally(new CancellationException("cancelled by the caller"))) {
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
      try {
        future.cancel(true);
      } catch (RuntimeException brokenFuture) {
        // It was asked to end; the call is over all the same.
      }
    }
  }

  final void disarm() {
    Cancellable armed = timers;
    if (armed != null) {
      armed.cancel();
    }
  }
}
