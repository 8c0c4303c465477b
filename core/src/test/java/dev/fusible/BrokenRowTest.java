package dev.fusible;

import static dev.fusible.CircuitBreakerState.CLOSED;
import static dev.fusible.CircuitBreakerState.HALF_OPEN;
import static dev.fusible.CircuitBreakerState.OPEN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One row that is locked or can't be understood: its circuit goes on alone, and only it. */
class BrokenRowTest {

  private static final Duration RECOVERY = Duration.ofSeconds(30);
  private static final Duration LOOKS_AGAIN = Duration.ofSeconds(5);

  private final ManualTime time = new ManualTime();
  private final BrokenRowStore store = new BrokenRowStore(CircuitBreakerStore.inMemory(time));
  private final List<StoreEvent> events = new ArrayList<>();
  private VoiceCircuitBreakers breakers;

  @BeforeEach
  void build() {
    breakers =
        VoiceCircuitBreakers.builder()
            .timeSource(time)
            .store(store)
            .storeWorker(Runnable::run)
            .executor(Runnable::run)
            .listener(
                new CircuitBreakerListener() {
                  @Override
                  public void onStoreDegraded(StoreEvent event) {
                    events.add(event);
                  }
                })
            .build();
  }

  @AfterEach
  void noOutageIsAnnounced() {
    breakers.close();
    assertThat(events).isEmpty();
  }

  private void open(String businessId) {
    for (int i = 0; i < 10; i++) {
      breakers
          .forBusiness(businessId)
          .executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    }
  }

  private boolean succeeds(String businessId) {
    return !breakers
        .forBusiness(businessId)
        .executeAsync(() -> CompletableFuture.completedFuture("ok"))
        .toCompletableFuture()
        .join()
        .isFallback();
  }

  private CircuitBreakerStoreState row(String businessId) {
    return store.rows.getState(businessId).toCompletableFuture().join();
  }

  @Test
  void others_are_written_as_ever() {
    breakers.forBusiness("broken");
    store.isBroken = true;

    open("broken");
    open("other");

    assertThat(breakers.forBusiness("broken").state()).isEqualTo(OPEN);
    assertThat(succeeds("broken")).isFalse();
    assertThat(row("other").state()).isEqualTo(OPEN);
    time.advance(RECOVERY);
    assertThat(succeeds("other")).isTrue();
    assertThat(row("other").state()).isEqualTo(CLOSED);
  }

  @Test
  void its_trial_runs_without_the_row() {
    store.isBroken = true;
    open("broken");

    time.advance(RECOVERY);

    assertThat(succeeds("broken")).isTrue();
    assertThat(breakers.forBusiness("broken").state()).isEqualTo(CLOSED);
  }

  @Test
  void what_it_could_not_write_is_written_when_the_row_is_fine_again() {
    open("broken");
    time.advance(RECOVERY);
    store.isBroken = true;
    assertThat(succeeds("broken")).isTrue();
    assertThat(row("broken").state()).isEqualTo(OPEN);

    time.advance(LOOKS_AGAIN);
    store.isBroken = false;
    assertThat(row("broken").state()).isEqualTo(OPEN);
    time.advance(LOOKS_AGAIN);

    assertThat(row("broken").state()).isEqualTo(CLOSED);
  }

  @Test
  void a_row_that_was_broken_from_the_start_is_read_when_it_is_fine() {
    CircuitBreakerStoreState initial = row("broken");
    store.isBroken = true;
    VoiceCircuitBreaker breaker = breakers.forBusiness("broken");
    CircuitBreakerStoreState open =
        new CircuitBreakerStoreState(
            "broken",
            OPEN,
            10,
            10,
            1,
            initial.version(),
            Duration.ZERO,
            0,
            null,
            null,
            Hold.NONE,
            null,
            Duration.ZERO,
            "another's");
    store.rows.setState("broken", open).toCompletableFuture().join();
    assertThat(breaker.state()).isEqualTo(CLOSED);

    store.isBroken = false;
    time.advance(LOOKS_AGAIN);

    assertThat(breaker.state()).isEqualTo(OPEN);
  }

  @Test
  void it_takes_the_lease_again_when_the_row_is_fine_again() {
    open("broken");
    store.isBroken = true;
    time.advance(RECOVERY);
    assertThat(succeeds("broken")).isTrue();
    open("broken");
    store.isBroken = false;
    time.advance(LOOKS_AGAIN.multipliedBy(2));
    assertThat(row("broken").state()).isEqualTo(OPEN);
    time.advance(RECOVERY);

    CompletableFuture<String> trial = new CompletableFuture<>();
    CompletionStage<ExecutionResult<String>> unneeded =
        breakers.forBusiness("broken").executeAsync(() -> trial);

    assertThat(unneeded.toCompletableFuture()).isNotDone();
    assertThat(row("broken").state()).isEqualTo(HALF_OPEN);
    assertThat(row("broken").trialToken()).isNotNull();
    trial.complete("ok");
  }

  /** A store whose row of one business is of no use for a while. */
  private static final class BrokenRowStore implements CircuitBreakerStore {

    private final CircuitBreakerStore rows;
    private boolean isBroken;

    BrokenRowStore(CircuitBreakerStore rows) {
      this.rows = rows;
    }

    private boolean isBroken(String businessId) {
      return isBroken && businessId.equals("broken");
    }

    private static <T> CompletionStage<T> broken() {
      return CompletableFuture.failedStage(StoreException.ofRow("row_unreadable", null));
    }

    @Override
    public CompletionStage<CircuitBreakerStoreState> getState(String businessId) {
      return isBroken(businessId) ? broken() : rows.getState(businessId);
    }

    @Override
    public CompletionStage<WriteResult> setState(
        String businessId, CircuitBreakerStoreState state) {
      return isBroken(businessId) ? broken() : rows.setState(businessId, state);
    }

    @Override
    public CompletionStage<Map<String, CircuitBreakerStoreState>> getStates(
        Collection<String> businessIds) {
      return rows.getStates(businessIds)
          .thenApply(
              states -> {
                Map<String, CircuitBreakerStoreState> readable = new HashMap<>(states);
                readable.keySet().removeIf(this::isBroken);
                return readable;
              });
    }

    @Override
    public CompletionStage<WriteResult> claimTrial(
        String businessId, long version, String token, Duration lease) {
      return isBroken(businessId) ? broken() : rows.claimTrial(businessId, version, token, lease);
    }

    @Override
    public CompletionStage<Page> changedSince(long cursor, int limit) {
      return rows.changedSince(cursor, limit)
          .thenApply(
              page ->
                  new Page(
                      page.states().stream().filter(row -> !isBroken(row.businessId())).toList(),
                      page.cursor()));
    }

    @Override
    public void close() {
      rows.close();
    }
  }
}
