package dev.fusible.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusible.CircuitBreakerState;
import dev.fusible.CircuitBreakerStoreState;
import dev.fusible.Hold;
import dev.fusible.Page;
import dev.fusible.StoreException;
import dev.fusible.WriteResult;
import dev.fusible.WriteResult.Stale;
import dev.fusible.WriteResult.Written;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** What tests of stores do again and again. */
final class StoreSteps {

  static final Duration LEASE = Duration.ofSeconds(15);

  private StoreSteps() {}

  static <T> T join(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  static CircuitBreakerStoreState written(CompletionStage<WriteResult> stage) {
    WriteResult result = join(stage);
    assertThat(result).isInstanceOf(Written.class);
    return ((Written) result).state();
  }

  static CircuitBreakerStoreState stale(CompletionStage<WriteResult> stage) {
    WriteResult result = join(stage);
    assertThat(result).isInstanceOf(Stale.class);
    return ((Stale) result).current();
  }

  static void assertFails(CompletionStage<?> stage, String code) {
    assertThatThrownBy(() -> join(stage))
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOfSatisfying(
            StoreException.class, failure -> assertThat(failure.code()).isEqualTo(code));
  }

  static List<String> ids(Page page) {
    return page.states().stream().map(CircuitBreakerStoreState::businessId).toList();
  }

  static CircuitBreakerStoreState closed(String id, long version) {
    return state(id, CircuitBreakerState.CLOSED, version, null, "w");
  }

  static CircuitBreakerStoreState open(String id, long version) {
    return state(id, CircuitBreakerState.OPEN, version, Duration.ZERO, "w");
  }

  static CircuitBreakerStoreState state(
      String id, CircuitBreakerState state, long version, Duration openedFor, String writeId) {
    return new CircuitBreakerStoreState(
        id,
        state,
        1,
        1,
        version + 1,
        version,
        openedFor,
        0,
        null,
        null,
        Hold.NONE,
        null,
        Duration.ZERO,
        writeId);
  }
}
