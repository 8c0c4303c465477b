package dev.fusible;

import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
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

  /** What the caller gets: a value, what was thrown, or neither for a limit that passed. */
  private record Ending<T extends @Nullable Object>(
      @Nullable T value, @Nullable Throwable error, boolean timeout) {}

  private final Attempt attempt;
  private final @Nullable String language;
  private final Callable<? extends T> operation;
  private final long startNanos;
  private final Thread caller = Thread.currentThread();
  private final AtomicReference<@Nullable Ending<T>> ending = new AtomicReference<>();
  private final FutureTask<Void> task = new FutureTask<>(this::run, null);

  SyncCall(
      Attempt attempt,
      @Nullable String language,
      Callable<? extends T> operation,
      long startNanos) {
    this.attempt = attempt;
    this.language = language;
    this.operation = operation;
    this.startNanos = startNanos;
  }

  ExecutionResult<T> result() {
    Circuit circuit = attempt.circuit();
    TimeLimit timers = TimeLimit.arm(attempt, this::limitPassed, () -> end(timeout()));
    try {
      circuit.context().executor().execute(task);
    } catch (RuntimeException rejected) {
      // The executor's refusal says nothing of the dependency.
      attempt.ignored();
      end(new Ending<>(null, rejected, false));
    }
    try {
      Ending<T> reached = await();
      if (reached.timeout()) {
        return Answer.fallback(circuit, language, FallbackType.TIMEOUT, null, startNanos);
      }
      if (reached.error() instanceof Error error) {
        throw error;
      }
      if (reached.error() != null) {
        return Answer.fallback(
            circuit, language, FallbackType.SYSTEM_ERROR, reached.error(), startNanos);
      }
      return Answer.success(circuit, reached.value(), startNanos);
    } finally {
      if (timers != null && attempt.get()) {
        timers.disarm();
      }
    }
  }

  private void run() {
    T value;
    try {
      value = operation.call();
    } catch (Throwable error) {
      if (attempt.failed(error)) {
        end(new Ending<>(null, error, false));
      } else if (!Answer.isObedience(error)) {
        attempt.cameLate();
      }
      return;
    }
    if (attempt.succeeded(value)) {
      end(new Ending<>(value, null, false));
    } else {
      attempt.cameLate();
    }
  }

  private void limitPassed() {
    if (attempt.timedOut()) {
      end(timeout());
      task.cancel(true);
    }
  }

  private static <T extends @Nullable Object> Ending<T> timeout() {
    return new Ending<>(null, null, true);
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
            throw new CancellationException("the calling thread was interrupted");
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
