package dev.fusible.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusible.CircuitBreakerState;
import dev.fusible.CircuitBreakerStore;
import dev.fusible.CircuitBreakerStoreState;
import dev.fusible.Hold;
import dev.fusible.Page;
import dev.fusible.StoreException;
import dev.fusible.WriteResult;
import dev.fusible.WriteResult.Stale;
import dev.fusible.WriteResult.Written;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;

/** The steps that the tests of {@link CircuitBreakerStoreContract} are made of. */
abstract class StoreContractSteps {

  static final String ID = "clinica-sonrisa";
  static final Duration LONG = Duration.ofMinutes(5);
  static final Duration SHORT = Duration.ofMillis(100);
  static final Duration MORE_THAN_SHORT = Duration.ofMillis(300);

  private static final int PATIENCE_SECONDS = 20;
  private static final int RACERS = 16;

  private final List<CircuitBreakerStore> opened = new ArrayList<>();

  /**
   * A connection to the data of the running test, which begins empty. Two calls in one test give
   * two stores on the same data, as two instances have; a store without connections may give the
   * same one twice. Closed after the test.
   */
  protected abstract CircuitBreakerStore openStore();

  /**
   * Moves the store's clock on by {@code duration} at least: really waits, where the clock is a
   * database's own.
   */
  protected abstract void advance(Duration duration);

  @AfterEach
  void closeStores() {
    opened.forEach(CircuitBreakerStore::close);
  }

  final CircuitBreakerStore store() {
    CircuitBreakerStore store = openStore();
    opened.add(store);
    return store;
  }

  static <T> T join(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException failure) {
      throw new AssertionError("the store did not answer", failure);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new AssertionError(interrupted);
    }
  }

  static void assertFails(CompletionStage<?> stage) {
    assertThatThrownBy(() -> stage.toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(StoreException.class);
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

  /** Equal but for the ages, which go on between two readings. */
  static void assertSameRow(CircuitBreakerStoreState actual, CircuitBreakerStoreState expected) {
    assertThat(actual)
        .usingRecursiveComparison()
        .ignoringFields("openedFor", "trialRemaining", "evidence.active")
        .isEqualTo(expected);
    assertThat(actual.evidence().active().keySet())
        .isEqualTo(expected.evidence().active().keySet());
    assertThat(actual.openedFor() == null).isEqualTo(expected.openedFor() == null);
  }

  /** A CLOSED state with this many failures, derived from {@code version}. */
  static CircuitBreakerStoreState closed(String id, long version, int failures, String writeId) {
    return new CircuitBreakerStoreState(
        id,
        CircuitBreakerState.CLOSED,
        failures,
        failures,
        0,
        version,
        null,
        0,
        null,
        null,
        Hold.NONE,
        null,
        Duration.ZERO,
        writeId);
  }

  /** An OPEN state derived from {@code version}, opened {@code openedFor} ago. */
  static CircuitBreakerStoreState open(String id, long version, Duration openedFor) {
    return open(id, version, openedFor, Hold.NONE, "SocketTimeoutException");
  }

  static CircuitBreakerStoreState open(
      String id, long version, Duration openedFor, Hold hold, String lastErrorCode) {
    return new CircuitBreakerStoreState(
        id,
        CircuitBreakerState.OPEN,
        5,
        10,
        version + 1,
        version,
        openedFor,
        0,
        null,
        lastErrorCode,
        hold,
        null,
        Duration.ZERO,
        "opens-" + version);
  }

  /** The same row in HALF_OPEN with this lease, or none. */
  static CircuitBreakerStoreState leased(
      CircuitBreakerStoreState row, @Nullable String token, Duration trialRemaining) {
    return new CircuitBreakerStoreState(
        row.businessId(),
        CircuitBreakerState.HALF_OPEN,
        row.failureCount(),
        row.requestCount(),
        row.generation(),
        row.version(),
        null,
        row.failedTrials(),
        row.lastStateChange(),
        row.lastErrorCode(),
        row.hold(),
        token,
        trialRemaining,
        "keeps-or-frees");
  }

  static List<String> ids(Page page) {
    return page.states().stream().map(CircuitBreakerStoreState::businessId).toList();
  }

  /** One attempt of one of sixteen racers. */
  interface Attempt {
    CompletionStage<WriteResult> by(CircuitBreakerStore store, int racer);
  }

  /** Sixteen threads over four stores let go at the same moment; the rows of those who won. */
  static List<CircuitBreakerStoreState> winners(List<CircuitBreakerStore> stores, Attempt attempt)
      throws Exception {
    CyclicBarrier start = new CyclicBarrier(RACERS);
    ExecutorService threads = Executors.newFixedThreadPool(RACERS);
    try {
      List<Future<WriteResult>> results = new ArrayList<>();
      for (int i = 0; i < RACERS; i++) {
        int racer = i;
        Callable<WriteResult> race =
            () -> {
              start.await();
              return join(attempt.by(stores.get(racer % stores.size()), racer));
            };
        results.add(threads.submit(race));
      }
      List<CircuitBreakerStoreState> winners = new ArrayList<>();
      for (Future<WriteResult> result : results) {
        if (result.get() instanceof Written won) {
          winners.add(won.state());
        }
      }
      return winners;
    } finally {
      threads.shutdown();
    }
  }
}
