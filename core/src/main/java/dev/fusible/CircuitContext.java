package dev.fusible;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What all circuits of a process share. Immutable; its parts are thread-safe. */
record CircuitContext(
    TimeSource time,
    EventDispatcher events,
    StateSharing store,
    Executor executor,
    UnaryOperator<CompletableFuture<@Nullable Attempt>> claimLimit,
    Function<String, @Nullable FallbackResponses> fallbacks,
    FallbackResponses defaultFallbacks,
    Function<String, @Nullable String> languages,
    String defaultLanguage,
    Function<String, @Nullable String> phones,
    LongAdder lateResults,
    Predicate<? super Throwable> upstreamFailure) {

  /** How long a caller waits, in real time, for the store to grant the trial. */
  static final Duration CLAIM_WAIT = Duration.ofMillis(250);

  /** The claim, given up by its asynchronous caller after {@link #CLAIM_WAIT}. */
  static CompletableFuture<@Nullable Attempt> limited(CompletableFuture<@Nullable Attempt> claim) {
    return claim.completeOnTimeout(null, CLAIM_WAIT.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * The sentence for a business: in the language that was asked for, else its own, else the
   * default. The user's functions may throw: the defaults are spoken then.
   *
   * @param businessId {@code null} for a call that has no business
   */
  FallbackResponse sentence(
      @Nullable String businessId, FallbackType type, @Nullable String asked, Rotation rotation) {
    FallbackResponses responses = orNull(fallbacks, businessId);
    List<String> preferred =
        Stream.of(asked, orNull(languages, businessId), defaultLanguage)
            .filter(Objects::nonNull)
            .toList();
    return (responses == null ? defaultFallbacks : responses)
        .getFallbackResponse(type, preferred, orNull(phones, businessId), rotation);
  }

  private static <T> @Nullable T orNull(
      Function<String, @Nullable T> function, @Nullable String businessId) {
    try {
      return businessId == null ? null : function.apply(businessId);
    } catch (Throwable brokenFunction) {
      return null;
    }
  }
}
