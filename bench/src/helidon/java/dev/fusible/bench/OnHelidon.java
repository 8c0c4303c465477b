package dev.fusible.bench;

import io.helidon.faulttolerance.CircuitBreaker;
import io.helidon.faulttolerance.Timeout;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Helidon SE fault tolerance: half of ten calls. It has no asynchronous calls of its own. */
final class OnHelidon extends Subject {

  private final CircuitBreaker breaker = breaker();
  private final Timeout timeout;
  private final ConcurrentHashMap<String, CircuitBreaker> breakers = new ConcurrentHashMap<>();

  private OnHelidon(Row row, long limitMillis) {
    timeout =
        Timeout.builder()
            .timeout(Duration.ofMillis(limitMillis))
            .currentThread(row == Row.SYNC_INTERRUPTED)
            .build();
  }

  private static CircuitBreaker breaker() {
    return CircuitBreaker.builder()
        .volume(VOLUME)
        .errorRatio(100 * FAILURES / VOLUME)
        .delay(Duration.ofSeconds(WAIT_SECONDS))
        .successThreshold(1)
        .build();
  }

  static @Nullable Subject of(Row row, long limitMillis) {
    // On the caller's thread each call leaves its timer for the whole limit: no heap is enough.
    boolean offered = !row.isAsync() && row != Row.CYCLE && row != Row.SYNC_INTERRUPTED;
    return offered ? new OnHelidon(row, limitMillis) : null;
  }

  @Override
  String call(Operation<String> operation) {
    return called(breaker, operation);
  }

  @Override
  String callFor(String id, Operation<String> operation) {
    CircuitBreaker found = breakers.get(id);
    return called(
        found != null ? found : breakers.computeIfAbsent(id, unused -> breaker()), operation);
  }

  private static String called(CircuitBreaker breaker, Operation<String> operation) {
    try {
      return breaker.invoke(operation);
    } catch (RuntimeException failedOrOpen) {
      return SORRY;
    }
  }

  @Override
  String callLimited(Operation<String> operation) {
    try {
      return breaker.invoke(() -> timeout.invoke(operation));
    } catch (RuntimeException failedOrOpen) {
      return SORRY;
    }
  }
}
