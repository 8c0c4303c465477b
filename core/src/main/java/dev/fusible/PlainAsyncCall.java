package dev.fusible;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An asynchronous call that nobody measures: as {@link PlainCall}, with a limit or without. Where
 * the operation has answered when it returns, there is no future to wait with; any other call goes
 * on as an {@link AsyncCall}. How long the caller waited is read from the rough clock.
 */
final class PlainAsyncCall<T extends @Nullable Object> {

  private final Circuit circuit;
  private final @Nullable String language;
  private final Supplier<? extends CompletionStage<? extends T>> operation;
  private final long startNanos;

  PlainAsyncCall(
      Circuit circuit,
      @Nullable String language,
      Supplier<? extends CompletionStage<? extends T>> operation) {
    this.circuit = circuit;
    this.language = language;
    this.operation = operation;
    this.startNanos = circuit.context().roughNanos().getAsLong();
  }

  /** Whether a call may come this way. */
  static boolean suits(Circuit circuit, MachineState s) {
    return !circuit.isMeasured() && (circuit.runsAll(s) || circuit.surelyRejects(s));
  }

  CompletionStage<ExecutionResult<T>> stage(MachineState s) {
    if (s.state() != CircuitBreakerState.CLOSED) {
      return CompletableFuture.completedFuture(fallback(FallbackType.CIRCUIT_OPEN));
    }
    int place = circuit.start();
    if (circuit.isUnlimited()) {
      return unlimited(s, place);
    }
    LimitedAttempt attempt = new LimitedAttempt(circuit, s.generation());
    return limited(attempt, circuit.context().time().schedule(attempt, circuit.config().timeout()));
  }

  private CompletionStage<ExecutionResult<T>> unlimited(MachineState s, int place) {
    CompletionStage<? extends T> stage;
    try {
      stage = operation.get();
    } catch (Throwable error) {
      return failed(new Attempt(circuit, s.generation()), null, error);
    }
    CompletableFuture<? extends T> answered = answered(stage);
    if (answered == null) {
      return begun(new Attempt(circuit, s.generation()), null, stage);
    }
    T value = answered.join();
    if (circuit.isUnmovedBySuccess(s) && circuit.machine() == s) {
      circuit.succeedIn(place);
    } else {
      boolean unused = new Attempt(circuit, s.generation()).succeeded(value);
    }
    return success(value);
  }

  private CompletionStage<ExecutionResult<T>> limited(LimitedAttempt attempt, Cancellable limit) {
    CompletionStage<? extends T> stage;
    try {
      stage = operation.get();
    } catch (Throwable error) {
      return concerned(attempt, failed(attempt, limit, error));
    }
    CompletableFuture<? extends T> answered = answered(stage);
    if (answered == null) {
      return concerned(attempt, begun(attempt, limit, stage));
    }
    T value = answered.join();
    if (!attempt.succeeded(value)) {
      attempt.cameLate();
      return CompletableFuture.completedFuture(fallback(FallbackType.TIMEOUT));
    }
    limit.cancel();
    return success(value);
  }

  /** The call's future, which says so if the limit passed before there was one. */
  private static <T extends @Nullable Object> AsyncCall<T> concerned(
      LimitedAttempt attempt, AsyncCall<T> call) {
    if (!attempt.concerns(call)) {
      call.expire();
    }
    return call;
  }

  /** The operation's future, if it has its answer already. */
  private static <T extends @Nullable Object> @Nullable CompletableFuture<? extends T> answered(
      CompletionStage<? extends T> stage) {
    // A subclass may do anything, so it is only asked what every stage is asked.
    return stage != null
            && stage.getClass() == CompletableFuture.class
            && stage instanceof CompletableFuture<? extends T> future
            && future.isDone()
            && !future.isCompletedExceptionally()
        ? future
        : null;
  }

  private AsyncCall<T> begun(
      Attempt attempt, @Nullable Cancellable limit, CompletionStage<? extends T> stage) {
    AsyncCall<T> call = new AsyncCall<>(circuit, language, operation, startNanos);
    call.begin(attempt, limit);
    call.await(attempt, stage);
    return call;
  }

  private AsyncCall<T> failed(Attempt attempt, @Nullable Cancellable limit, Throwable error) {
    AsyncCall<T> call = new AsyncCall<>(circuit, language, operation, startNanos);
    call.begin(attempt, limit);
    call.failed(attempt, error);
    return call;
  }

  private CompletionStage<ExecutionResult<T>> success(T value) {
    return CompletableFuture.completedFuture(new ExecutionResult.Success<>(value, elapsed()));
  }

  private ExecutionResult<T> fallback(FallbackType type) {
    return new ExecutionResult.Fallback<>(circuit.say(type, language), type, null, elapsed());
  }

  private Duration elapsed() {
    long nanos = circuit.context().roughNanos().getAsLong() - startNanos;
    return nanos <= 0 ? Duration.ZERO : Duration.ofNanos(nanos);
  }
}
