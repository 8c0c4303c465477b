package dev.fusible.bench;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowSynchronizationStrategy;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.timelimiter.TimeLimiter;
import io.github.resilience4j.timelimiter.TimeLimiterConfig;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Resilience4j: half of the last ten calls. Tuned: its lock-free window, exceptions without a
 * stack, virtual threads where there are such, and a timer that forgets what was cancelled. By
 * hand: its permission API without the decorators.
 */
final class OnResilience4j extends Subject {

  private final boolean tuned;
  private final boolean byHand;
  private final ShiftedClock clock = new ShiftedClock();
  private final CircuitBreakerRegistry registry;
  private final CircuitBreaker breaker;
  private final TimeLimiter limiter;
  private final @Nullable ScheduledThreadPoolExecutor timer;
  private final @Nullable ExecutorService executor;

  private OnResilience4j(String variant, Row row, long limitMillis) {
    this.tuned = variant.equals("tuned");
    this.byHand = variant.equals("by-hand");
    CircuitBreakerConfig.Builder config =
        CircuitBreakerConfig.custom()
            .slidingWindow(
                VOLUME,
                VOLUME,
                SlidingWindowType.COUNT_BASED,
                tuned
                    ? SlidingWindowSynchronizationStrategy.LOCK_FREE
                    : SlidingWindowSynchronizationStrategy.SYNCHRONIZED)
            .failureRateThreshold(100f * FAILURES / VOLUME)
            .waitDurationInOpenState(Duration.ofSeconds(WAIT_SECONDS))
            .permittedNumberOfCallsInHalfOpenState(1)
            .writableStackTraceEnabled(!tuned);
    if (row == Row.CYCLE) {
      config =
          config
              .clock(clock)
              .currentTimestampFunction(
                  now -> System.nanoTime() + clock.shift.get(), TimeUnit.NANOSECONDS);
    }
    registry = CircuitBreakerRegistry.of(config.build());
    breaker = registry.circuitBreaker("clinica-sonrisa");
    limiter =
        TimeLimiter.of(
            TimeLimiterConfig.custom().timeoutDuration(Duration.ofMillis(limitMillis)).build());
    timer = row.isAsync() && row.limit == Row.Limit.ANY ? Floor.timer() : null;
    if (timer != null) {
      timer.setRemoveOnCancelPolicy(tuned);
    }
    executor = row == Row.SYNC_FREED ? (tuned ? Pools.virtual() : Pools.cached()) : null;
  }

  static @Nullable Subject of(String variant, Row row, long limitMillis) {
    boolean offered =
        switch (row) {
          case SYNC_INTERRUPTED -> false;
          case ASYNC, ASYNC_HANDED_ON, ASYNC_LIMITED, ASYNC_PENDING, SYNC_FREED ->
              !variant.equals("by-hand");
          default -> true;
        };
    return offered ? new OnResilience4j(variant, row, limitMillis) : null;
  }

  @Override
  String call(Operation<String> operation) {
    return byHand ? byHand(breaker, operation) : decorated(breaker, operation);
  }

  @Override
  String callFor(String id, Operation<String> operation) {
    CircuitBreaker found = registry.circuitBreaker(id);
    return byHand ? byHand(found, operation) : decorated(found, operation);
  }

  private static String decorated(CircuitBreaker breaker, Operation<String> operation) {
    try {
      return breaker.executeSupplier(operation);
    } catch (RuntimeException failedOrOpen) {
      return SORRY;
    }
  }

  private static String byHand(CircuitBreaker breaker, Operation<String> operation) {
    if (!breaker.tryAcquirePermission()) {
      return SORRY;
    }
    long start = breaker.getCurrentTimestamp();
    try {
      String answer = operation.get();
      breaker.onSuccess(breaker.getCurrentTimestamp() - start, breaker.getTimestampUnit());
      return answer;
    } catch (RuntimeException failure) {
      breaker.onError(breaker.getCurrentTimestamp() - start, breaker.getTimestampUnit(), failure);
      return SORRY;
    }
  }

  @Override
  String callLimited(Operation<String> operation) {
    try {
      return breaker.executeCallable(
          () ->
              limiter.executeFutureSupplier(
                  () -> CompletableFuture.supplyAsync(operation, executor)));
    } catch (Exception failedOrOpen) {
      return SORRY;
    }
  }

  @Override
  String answer(Operation<CompletionStage<String>> operation) {
    try {
      return stage(operation).toCompletableFuture().join();
    } catch (RuntimeException failedOrOpen) {
      return SORRY;
    }
  }

  @Override
  CompletionStage<String> stage(Operation<CompletionStage<String>> operation) {
    return timer == null
        ? breaker.executeCompletionStage(operation)
        : breaker.executeCompletionStage(() -> limiter.executeCompletionStage(timer, operation));
  }

  @Override
  void passWait() {
    clock.shift.addAndGet(waitNanos());
  }

  @Override
  public void close() {
    if (timer != null) {
      timer.shutdownNow();
    }
    if (executor != null) {
      executor.shutdownNow();
    }
  }

  /** The machine's wall clock, set forward. */
  private static final class ShiftedClock extends Clock {

    private final AtomicLong shift = new AtomicLong();

    @Override
    public ZoneId getZone() {
      return ZoneId.of("Z");
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return Instant.now().plusNanos(shift.get());
    }
  }
}
