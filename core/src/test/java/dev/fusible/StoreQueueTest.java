package dev.fusible;

import static dev.fusible.CircuitBreakerState.OPEN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.FlakyStore.Fault;
import dev.fusible.FlakyStore.Operation;
import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An outage that opens many circuits at once, on a store that is slow and on one that is down. */
class StoreQueueTest {

  private static final int CIRCUITS = 200;
  private static final int MOST_WRITES = 24;

  private final ManualTime time = new ManualTime();
  private final CircuitBreakerStore store = CircuitBreakerStore.inMemory(time);
  private final FlakyStore line = new FlakyStore(store);
  private final List<StoreEvent> events = new ArrayList<>();
  private final CircuitBreakerConfig config =
      CircuitBreakerConfig.builder().failureThreshold(1).volumeThreshold(1).build();
  private VoiceCircuitBreakers breakers;

  @BeforeEach
  void build() {
    breakers =
        VoiceCircuitBreakers.builder()
            .timeSource(time)
            .store(line)
            .storeWorker(Runnable::run)
            .executor(Runnable::run)
            .config(config)
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
  void close() {
    breakers.close();
  }

  private void openAll() {
    for (int i = 0; i < CIRCUITS; i++) {
      fail("business-" + i);
    }
  }

  private void fail(String businessId) {
    breakers
        .forBusiness(businessId)
        .executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
  }

  private long openRows() {
    return store.changedSince(0, 1_000).toCompletableFuture().join().states().stream()
        .filter(row -> row.state() == OPEN)
        .count();
  }

  @Test
  void a_slow_store_is_not_taken_for_one_that_is_down() {
    line.fault(Operation.SET, Fault.HOLD);

    openAll();
    assertThat(line.count(Operation.SET)).isEqualTo(MOST_WRITES);
    int rounds = 0;
    while (line.count(Operation.SET) < CIRCUITS) {
      time.advance(Duration.ofSeconds(1));
      line.release();
      rounds++;
    }
    line.release();

    assertThat(rounds).isEqualTo((CIRCUITS - 1) / MOST_WRITES);
    assertThat(openRows()).isEqualTo(CIRCUITS);
    breakers.close();
    assertThat(events).isEmpty();
  }

  @Test
  void readings_and_claims_do_not_wait_for_writes() {
    fail("early");
    time.advance(config.recoveryTimeout().minusSeconds(1));
    line.fault(Operation.SET, Fault.HOLD);
    openAll();
    line.resetCounts();

    time.advance(Duration.ofSeconds(1));
    breakers.forBusiness("new");
    breakers
        .forBusiness("early")
        .executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));

    assertThat(line.count(Operation.GET_MANY)).isEqualTo(1);
    assertThat(line.count(Operation.CLAIM)).isEqualTo(1);
    assertThat(line.count(Operation.SET)).isZero();
  }

  @Test
  void a_store_that_does_not_answer_one_is_not_asked_the_others() {
    line.fault(Operation.SET, Fault.HANG);
    openAll();

    time.advance(Duration.ofSeconds(2));

    assertThat(line.count(Operation.SET)).isEqualTo(MOST_WRITES);
    line.all(Fault.NONE);
    time.advance(Duration.ofSeconds(30));
    assertThat(openRows()).isEqualTo(CIRCUITS);
    breakers.close();
    assertThat(events).extracting(StoreEvent::degraded).containsExactly(true, false);
    assertThat(events.get(0).errorCode()).isEqualTo("timeout");
  }
}
