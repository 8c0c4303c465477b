package dev.fusible;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * How one stream is guarded. Immutable and thread-safe. {@link Duration#ZERO} switches a limit off.
 *
 * @param firstItem how long the subscriber may wait for the first speakable item; default 4.5 s,
 *     the longest silence that callers put up with before they hang up
 * @param stall how long it may wait between speakable items; default 3 s
 * @param total how long the whole stream may take; default none, since a long answer is no fault
 * @param speakable which items are something to hear; others pass through and move no deadline.
 *     Default: all
 * @param pace the slowest that it may speak once something was heard; default {@code null}: any
 *     pace
 * @param passOn which errors go on to the subscriber as they are, with no sentence in their place,
 *     such as a mistake of its own. Default: none, so that an error of the stream is never seen
 * @param fallback makes the item that ends the stream in place of what did not come
 * @param <T> the type of the items
 */
public record StreamOptions<T>(
    Duration firstItem,
    Duration stall,
    Duration total,
    Predicate<? super T> speakable,
    @Nullable Pace<T> pace,
    Predicate<? super Throwable> passOn,
    Function<? super ExecutionResult.Fallback<T>, ? extends T> fallback) {

  public StreamOptions {
    firstItem = checked("firstItem", firstItem);
    stall = checked("stall", stall);
    total = checked("total", total);
    Objects.requireNonNull(speakable, "speakable");
    Objects.requireNonNull(passOn, "passOn");
    Objects.requireNonNull(fallback, "fallback");
  }

  /** Starts from the defaults, with {@code fallback} to make the item that ends a broken stream. */
  public static <T> Builder<T> builder(
      Function<? super ExecutionResult.Fallback<T>, ? extends T> fallback) {
    return new Builder<>(fallback);
  }

  private static Duration checked(String field, Duration value) {
    if (value.isNegative()) {
      throw new IllegalArgumentException(field + " must be zero (no limit) or more");
    }
    CircuitBreakerConfig.bounded(field, value);
    return value;
  }

  /** Collects options; not thread-safe. */
  public static final class Builder<T> {

    private final Function<? super ExecutionResult.Fallback<T>, ? extends T> fallback;
    private Duration firstItem = Duration.ofMillis(4_500);
    private Duration stall = Duration.ofSeconds(3);
    private Duration total = Duration.ZERO;
    private Predicate<? super T> speakable = item -> true;
    private @Nullable Pace<T> pace;
    private Predicate<? super Throwable> passOn = error -> false;

    private Builder(Function<? super ExecutionResult.Fallback<T>, ? extends T> fallback) {
      this.fallback = fallback;
    }

    /** See {@link StreamOptions#firstItem()}. */
    public Builder<T> firstItem(Duration limit) {
      this.firstItem = limit;
      return this;
    }

    /** See {@link StreamOptions#stall()}. */
    public Builder<T> stall(Duration limit) {
      this.stall = limit;
      return this;
    }

    /** See {@link StreamOptions#total()}. */
    public Builder<T> total(Duration limit) {
      this.total = limit;
      return this;
    }

    /** See {@link StreamOptions#speakable()}. */
    public Builder<T> speakable(Predicate<? super T> predicate) {
      this.speakable = predicate;
      return this;
    }

    /**
     * Fewer than {@code atLeast} words within any {@code within}, once something was heard, are a
     * stall. {@code words} says how many a speakable item adds.
     */
    public Builder<T> pace(ToIntFunction<? super T> words, int atLeast, Duration within) {
      this.pace = new Pace<>(words, atLeast, within);
      return this;
    }

    /** See {@link StreamOptions#passOn()}. */
    public Builder<T> passOn(Predicate<? super Throwable> predicate) {
      this.passOn = predicate;
      return this;
    }

    /** Checks and builds; {@link IllegalArgumentException} names the field. */
    public StreamOptions<T> build() {
      return new StreamOptions<>(firstItem, stall, total, speakable, pace, passOn, fallback);
    }
  }
}
