package dev.fusible.bench;

import dev.failsafe.CircuitBreaker;
import dev.failsafe.CircuitBreakerBuilder;
import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeExecutor;
import dev.failsafe.Policy;
import dev.failsafe.Timeout;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Failsafe: five of the last ten calls. Tuned: asynchronous calls start on the calling thread. By
 * hand: its permits without the executor.
 */
final class OnFailsafe extends Subject {

  private final boolean byHand;
  private final CircuitBreakerBuilder<String> settings;
  private final CircuitBreaker<String> breaker;
  private final FailsafeExecutor<String> executor;
  private final ConcurrentHashMap<String, CircuitBreaker<String>> breakers =
      new ConcurrentHashMap<>();
  private final ConcurrentHashMap<String, FailsafeExecutor<String>> executors =
      new ConcurrentHashMap<>();

  private OnFailsafe(String variant, Row row, long limitMillis) {
    byHand = variant.equals("by-hand");
    settings =
        CircuitBreaker.<String>builder()
            .withFailureThreshold(FAILURES, VOLUME)
            // Its clock can't be set: in the cycle there is no wait.
            .withDelay(row == Row.CYCLE ? Duration.ZERO : Duration.ofSeconds(WAIT_SECONDS));
    breaker = settings.build();
    List<Policy<String>> policies =
        row.limit == Row.Limit.NONE
            ? List.of(breaker)
            : List.of(
                breaker,
                Timeout.<String>builder(Duration.ofMillis(limitMillis)).withInterrupt().build());
    FailsafeExecutor<String> plain = Failsafe.with(policies);
    executor = variant.equals("tuned") ? plain.with((Executor) Runnable::run) : plain;
  }

  static @Nullable Subject of(String variant, Row row, long limitMillis) {
    boolean offered =
        switch (variant) {
          // With a limit on the calling thread it answers null at once, so it would time nothing.
          case "tuned" -> row.isAsync() && row.limit == Row.Limit.NONE;
          case "by-hand" -> row.limit == Row.Limit.NONE && !row.isAsync();
          // Its future waits for an operation that ignores interruption; and calls that are
          // completed
          // that are completed later does not end.
          default -> row != Row.SYNC_FREED && row != Row.ASYNC_PENDING;
        };
    return offered ? new OnFailsafe(variant, row, limitMillis) : null;
  }

  @Override
  String call(Operation<String> operation) {
    return byHand ? byHand(breaker, operation) : decorated(executor, operation);
  }

  @Override
  String callFor(String id, Operation<String> operation) {
    if (byHand) {
      CircuitBreaker<String> found = breakers.get(id);
      return byHand(
          found != null ? found : breakers.computeIfAbsent(id, unused -> settings.build()),
          operation);
    }
    FailsafeExecutor<String> found = executors.get(id);
    return decorated(
        found != null
            ? found
            : executors.computeIfAbsent(id, unused -> Failsafe.with(settings.build())),
        operation);
  }

  private static String decorated(FailsafeExecutor<String> executor, Operation<String> operation) {
    try {
      return executor.get(operation);
    } catch (RuntimeException failedOrOpen) {
      return SORRY;
    }
  }

  private static String byHand(CircuitBreaker<String> breaker, Operation<String> operation) {
    if (!breaker.tryAcquirePermit()) {
      return SORRY;
    }
    try {
      String answer = operation.get();
      breaker.recordSuccess();
      return answer;
    } catch (RuntimeException failure) {
      breaker.recordException(failure);
      return SORRY;
    }
  }

  @Override
  String callLimited(Operation<String> operation) {
    try {
      return executor.get(operation);
    } catch (RuntimeException failedOrOpen) {
      return SORRY;
    }
  }

  @Override
  String answer(Operation<CompletionStage<String>> operation) {
    try {
      return stage(operation).join();
    } catch (RuntimeException failedOrOpen) {
      return SORRY;
    }
  }

  @Override
  CompletableFuture<String> stage(Operation<CompletionStage<String>> operation) {
    return executor.getStageAsync(operation);
  }

  @Override
  void passWait() {}
}
