package dev.fusible;

import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a guarded call came to: the operation's value, or a sentence to speak in its place.
 * Immutable.
 *
 * @param <T> the type of the operation's value
 */
public sealed interface ExecutionResult<T extends @Nullable Object> {

  /** How long the caller waited. */
  Duration elapsed();

  /** Returns the operation's value, or what {@code fallback} makes of the sentence. */
  T valueOr(Function<? super FallbackResponse, ? extends T> fallback);

  /** Whether the caller gets a sentence in place of the answer. */
  boolean isFallback();

  /**
   * The operation's own answer.
   *
   * @param value what the operation returned
   * @param elapsed how long the caller waited
   */
  record Success<T extends @Nullable Object>(T value, Duration elapsed)
      implements ExecutionResult<T> {

    @Override
    public T valueOr(Function<? super FallbackResponse, ? extends T> fallback) {
      return value;
    }

    @Override
    public boolean isFallback() {
      return false;
    }
  }

  /**
   * A sentence in place of the answer.
   *
   * @param response the sentence
   * @param type why it is spoken
   * @param cause what the operation threw; {@code null} when it did not run or did not end in time
   * @param elapsed how long the caller waited
   */
  record Fallback<T extends @Nullable Object>(
      FallbackResponse response, FallbackType type, @Nullable Throwable cause, Duration elapsed)
      implements ExecutionResult<T> {

    @Override
    public T valueOr(Function<? super FallbackResponse, ? extends T> fallback) {
      return fallback.apply(response);
    }

    @Override
    public boolean isFallback() {
      return true;
    }
  }
}
