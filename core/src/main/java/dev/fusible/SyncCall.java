package dev.fusible;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One synchronous call with a time limit. The operation runs on a thread of the executor and the
 * caller waits for whatever comes first, so an operation that ignores interruption holds up its own
 * thread alone.
 *
 * <p>Two things are decided, each once: the attempt (by {@link Attempt}) and what the caller hears
 * (by {@link #ending}). They differ only for a trial whose caller lost patience: the caller is
 * answered, the attempt goes on.
 */
final class SyncCall<T extends @Nullable Object> {

  private enum How {
    RETURNED,
    THREW,
    /** The limit passed, or the patience of a trial's caller. */
    TIMEOUT,
    INTERRUPTED
  }

  /** What the caller gets. */
  private record Ending<T extends @Nullable Object>(
      How how, @Nullable T value, @Nullable Throwable error) {}

  /**
   * How often the caller looks for an end before it goes to sleep: some microseconds, in which an
   * operation that has its answer is over. To sleep and be woken costs both threads many times
   * that. Where there is one processor, it belongs to the operation.
   */
  private static final int GLANCES = Runtime.getRuntime().availableProcessors() > 1 ? 200 : 0;

  private final Attempt attempt;
  private final @Nullable String language;
  private final Callable<? extends T> operation;
  private final long startNanos;
  private final Thread caller;
  private final AtomicReference<@Nullable Ending<T>> ending = new AtomicReference<>();
  private final FutureTask<Void> task = new FutureTask<>(this::run, null);
  private volatile @Nullable Cancellable timers;

  /** Whether the executor ran the operation on its caller's own thread. */
  private volatile boolean runsHere;

  SyncCall(
      Attempt attempt,
      @Nullable String language,
      Callable<? extends T> operation,
      long startNanos,
      Thread caller) {
    this.attempt = attempt;
    this.language = language;
    this.operation = operation;
    this.startNanos = startNanos;
    this.caller = caller;
  }

  ExecutionResult<T> result() {
    timers = TimeLimit.arm(attempt, startNanos, this::limitPassed, () -> end(timeout()));
    try {
      attempt.circuit().context().executor().execute(task);
    } catch (Throwable refused) {
      refused(refused);
    }
    if (runsHere && task.isCancelled()) {
      // The executor ran it on this thread, and the interrupt was for the operation.
      Thread.interrupted();
    }
    return answer();
  }

  /** Arms what is left of the limit of a call that began otherwise, before anybody runs it. */
  void arm(Duration left) {
    timers = attempt.circuit().context().time().schedule(this::limitPassed, left);
  }

  /** The operation, for a thread of the executor. */
  Runnable task() {
    return task;
  }

  /** What the caller waits for. */
  ExecutionResult<T> answer() {
    Circuit circuit = attempt.circuit();
    try {
      Ending<T> reached = await();
      return switch (reached.how()) {
        case RETURNED -> Answer.success(circuit, reached.value(), startNanos);
        case THREW -> failed(circuit, Objects.requireNonNull(reached.error()));
        case TIMEOUT -> Answer.fallback(circuit, language, FallbackType.TIMEOUT, null, startNanos);
        case INTERRUPTED -> throw VoiceCircuitBreaker.cancelled();
      };
    } finally {
      if (attempt.isSettled()) {
        disarm();
      }
    }
  }

  private ExecutionResult<T> failed(Circuit circuit, Throwable error) {
    if (error instanceof Error out) {
      throw out;
    }
    return Answer.fallback(circuit, language, FallbackType.SYSTEM_ERROR, error, startNanos);
  }

  /** An executor that takes no more work says nothing of the dependency; an Error comes out. */
  private void refused(Throwable refusal) {
    if (refusal instanceof Error) {
      attempt.failed(refusal);
    } else {
      attempt.ignored();
    }
    end(new Ending<>(How.THREW, null, refusal));
  }

  private void run() {
    runsHere = Thread.currentThread() == caller;
    if (runsHere) {
      attempt.circuit().runsOnCallers(true);
    }
    try {
      ended(operation.call());
    } catch (Throwable error) {
      threw(error);
    }
    // Where the caller of a trial has left, nobody else calls the timers off.
    disarm();
  }

  private void ended(T value) {
    if (attempt.succeeded(value)) {
      end(new Ending<>(How.RETURNED, value, null));
    } else {
      attempt.cameLate();
    }
  }

  private void threw(Throwable error) {
    if (runsHere && error instanceof InterruptedException && attempt.ignored()) {
      end(new Ending<>(How.INTERRUPTED, null, null));
    } else if (attempt.failed(error)) {
      end(new Ending<>(How.THREW, null, error));
    } else if (!Answer.isObedience(error)) {
      attempt.cameLate();
    }
  }

  private void disarm() {
    Cancellable armed = timers;
    if (armed != null) {
      armed.cancel();
    }
  }

  private void limitPassed() {
    if (attempt.timedOut()) {
      end(timeout());
      task.cancel(true);
    }
  }

  private static <T extends @Nullable Object> Ending<T> timeout() {
    return new Ending<>(How.TIMEOUT, null, null);
  }

  private void end(Ending<T> reached) {
    if (ending.compareAndSet(null, reached)) {
      LockSupport.unpark(caller);
    }
  }

  /**
   * Waits for the ending. An interrupt cancels the call, unless it has settled: then its result is
   * given.
   */
  private Ending<T> await() {
    for (int i = 0; i < GLANCES && ending.get() == null; i++) {
      Thread.onSpinWait();
    }
    boolean interrupted = false;
    try {
      for (Ending<T> reached = ending.get(); ; reached = ending.get()) {
        if (reached != null) {
          return reached;
        }
        if (Thread.interrupted()) {
          interrupted = true;
          if (attempt.ignored()) {
            task.cancel(true);
            return new Ending<>(How.INTERRUPTED, null, null);
          }
        }
        LockSupport.park(this);
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
