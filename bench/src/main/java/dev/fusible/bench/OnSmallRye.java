package dev.fusible.bench;

import io.smallrye.faulttolerance.api.TypedGuard;
import jakarta.enterprise.util.TypeLiteral;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** SmallRye Fault Tolerance, its programmatic API: half of ten calls. */
final class OnSmallRye extends Subject {

  private final Row row;
  private final TypedGuard<String> guard;
  private final TypedGuard<CompletionStage<String>> asyncGuard;
  private final ConcurrentHashMap<String, TypedGuard<String>> guards = new ConcurrentHashMap<>();

  private OnSmallRye(Row row, long limitMillis) {
    this.row = row;
    this.guard = guard(row, limitMillis);
    TypedGuard.Builder<CompletionStage<String>> async =
        TypedGuard.create(new TypeLiteral<CompletionStage<String>>() {})
            .withCircuitBreaker()
            .requestVolumeThreshold(VOLUME)
            .failureRatio((double) FAILURES / VOLUME)
            .delay(WAIT_SECONDS, ChronoUnit.SECONDS)
            .done()
            .withFallback()
            .handler(() -> CompletableFuture.completedFuture(SORRY))
            .done();
    if (row == Row.SYNC_FREED) {
      async = async.withThreadOffload(true).withThreadOffloadExecutor(Pools.virtual());
    }
    this.asyncGuard =
        (row.limit == Row.Limit.NONE
                ? async
                : async.withTimeout().duration(limitMillis, ChronoUnit.MILLIS).done())
            .build();
  }

  private static TypedGuard<String> guard(Row row, long limitMillis) {
    TypedGuard.Builder<String> builder =
        TypedGuard.create(String.class)
            .withCircuitBreaker()
            .requestVolumeThreshold(VOLUME)
            .failureRatio((double) FAILURES / VOLUME)
            // Its clock can't be set: in the cycle there is no wait.
            .delay(row == Row.CYCLE ? 0 : WAIT_SECONDS, ChronoUnit.SECONDS)
            .done()
            .withFallback()
            .handler(() -> SORRY)
            .done();
    return (row == Row.SYNC_INTERRUPTED
            ? builder.withTimeout().duration(limitMillis, ChronoUnit.MILLIS).done()
            : builder)
        .build();
  }

  static @Nullable Subject of(Row row, long limitMillis) {
    return new OnSmallRye(row, limitMillis);
  }

  @Override
  String call(Operation<String> operation) {
    return called(guard, operation);
  }

  @Override
  String callFor(String id, Operation<String> operation) {
    TypedGuard<String> found = guards.get(id);
    return called(
        found != null ? found : guards.computeIfAbsent(id, unused -> guard(row, Row.LIMIT_MILLIS)),
        operation);
  }

  private static <T> T called(TypedGuard<T> guard, Callable<T> operation) {
    try {
      return guard.call(operation);
    } catch (Exception impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  @Override
  String callLimited(Operation<String> operation) {
    return row == Row.SYNC_INTERRUPTED
        ? called(guard, operation)
        : called(asyncGuard, () -> CompletableFuture.completedFuture(operation.get()))
            .toCompletableFuture()
            .join();
  }

  @Override
  String answer(Operation<CompletionStage<String>> operation) {
    return stage(operation).toCompletableFuture().join();
  }

  @Override
  CompletionStage<String> stage(Operation<CompletionStage<String>> operation) {
    return called(asyncGuard, operation);
  }

  @Override
  void passWait() {}
}
