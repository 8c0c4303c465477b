package dev.fusible;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** Makes what callers get, in one place for synchronous calls, asynchronous ones and streams. */
final class Answer {

  private Answer() {}

  @SuppressWarnings(
      "NullAway") // T itself may be nullable: then a null is the operation's own value.
  static <T extends @Nullable Object> ExecutionResult.Success<T> success(
      Circuit circuit, @Nullable T value, long startNanos) {
    return new ExecutionResult.Success<>(value, since(circuit, startNanos));
  }

  static <T extends @Nullable Object> ExecutionResult.Fallback<T> fallback(
      Circuit circuit,
      @Nullable String language,
      FallbackType type,
      @Nullable Throwable cause,
      long startNanos) {
    return new ExecutionResult.Fallback<>(
        circuit.speak(type, language), type, cause, since(circuit, startNanos));
  }

  private static Duration since(Circuit circuit, long startNanos) {
    return Duration.ofNanos(circuit.context().time().nanoTime() - startNanos);
  }

  /** The operation's own exception, without what stages wrap around it. */
  static Throwable unwrapped(Throwable thrown) {
    Throwable cause = thrown.getCause();
    return thrown instanceof CompletionException && cause != null ? cause : thrown;
  }

  /**
   * Whether an operation that ends so after its time was only obeying: then it is no late result.
   */
  static boolean isObedience(Throwable thrown) {
    return thrown instanceof InterruptedException || thrown instanceof CancellationException;
  }
}
