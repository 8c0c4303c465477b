package dev.fusible;

import java.time.Duration;
import java.util.Objects;
import java.util.function.ToIntFunction;

/**
 * The slowest that a stream may speak: a stream that drips a word now and then keeps its caller
 * waiting as much as one that stalls. Immutable; thread-safe if {@code words} is.
 *
 * @param words how many words an item adds; less than zero counts as zero
 * @param atLeast how many words there must be within any {@code within}, once something was heard
 * @param within how long is looked back
 * @param <T> the type of the items
 */
public record Pace<T>(ToIntFunction<? super T> words, int atLeast, Duration within) {

  public Pace {
    Objects.requireNonNull(words, "words");
    if (atLeast < 1) {
      throw new IllegalArgumentException("atLeast must be at least 1");
    }
    if (within.isNegative() || within.isZero()) {
      throw new IllegalArgumentException("within must be longer than zero");
    }
    CircuitBreakerConfig.bounded("within", within);
  }
}
