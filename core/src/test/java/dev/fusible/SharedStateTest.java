package dev.fusible;

import static dev.fusible.CircuitBreakerState.CLOSED;
import static dev.fusible.CircuitBreakerState.HALF_OPEN;
import static dev.fusible.CircuitBreakerState.OPEN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.FlakyStore.Fault;
import dev.fusible.FlakyStore.Operation;
import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two instances on one store act as one breaker. */
class SharedStateTest {

  private static final Duration REFRESH = Duration.ofSeconds(5);
  private static final Duration RECOVERY = Duration.ofSeconds(30);

  private final ManualTime time = new ManualTime();
  private final CircuitBreakerStore store = CircuitBreakerStore.inMemory(time);
  private final Instance one = new Instance(time, store);
  private final Instance two = new Instance(time, store);

  @AfterEach
  void close() {
    one.close();
    two.close();
  }

  private CircuitBreakerStoreState row() {
    return store.getState("b").toCompletableFuture().join();
  }

  @Test
  void what_opens_in_one_is_open_in_the_other_within_a_refresh() {
    one.fail(10);
    assertThat(two.state()).isEqualTo(CLOSED);

    time.advance(REFRESH);

    assertThat(two.state()).isEqualTo(OPEN);
    assertThat(two.succeeds()).isFalse();
    assertThat(two.breaker.snapshot().retryAfter()).isEqualTo(Duration.ofSeconds(25));
  }

  @Test
  void failures_counted_by_both_add_up_and_open_without_another_call() {
    one.fail(5);
    two.fail(5);

    time.advance(REFRESH.multipliedBy(2));

    assertThat(row().state()).isEqualTo(OPEN);
    assertThat(row().failureCount()).isEqualTo(10);
    assertThat(one.state()).isEqualTo(OPEN);
    assertThat(two.state()).isEqualTo(OPEN);
  }

  @Test
  void a_success_that_resets_is_seen_by_the_other() {
    one.fail(4);
    time.advance(REFRESH);
    assertThat(two.failures()).isEqualTo(4);

    one.succeeds();
    time.advance(REFRESH);

    assertThat(row().failureCount()).isZero();
    assertThat(two.failures()).isZero();
  }

  @Test
  void a_reset_wins_over_failures_that_it_has_not_seen() {
    one.fail(4);
    time.advance(REFRESH);
    two.fail(3);
    one.succeeds();

    time.advance(REFRESH.multipliedBy(2));

    assertThat(one.failures()).isEqualTo(two.failures()).isLessThan(4);
  }

  @Test
  void one_trial_over_both() {
    one.fail(10);
    time.advance(REFRESH);
    time.advance(RECOVERY);

    CompletableFuture<String> trial = one.begin();
    assertThat(trial).isNotNull();
    assertThat(two.begin()).isNull();
    assertThat(two.state()).isEqualTo(HALF_OPEN);

    trial.complete("back");
    assertThat(one.state()).isEqualTo(CLOSED);
    time.advance(REFRESH);
    assertThat(two.state()).isEqualTo(CLOSED);
    assertThat(row().trialToken()).isNull();
  }

  @Test
  void a_trial_that_fails_opens_both_for_a_full_wait() {
    one.fail(10);
    time.advance(REFRESH);
    time.advance(RECOVERY);
    one.begin().completeExceptionally(new IllegalStateException());

    time.advance(REFRESH);

    assertThat(two.state()).isEqualTo(OPEN);
    assertThat(two.breaker.snapshot().retryAfter()).isEqualTo(Duration.ofSeconds(25));
    assertThat(row().failedTrials()).isEqualTo(1);
  }

  @Test
  void a_holder_that_dies_loses_its_lease_and_its_late_success_changes_nothing() {
    Instance immortal =
        new Instance(
            time,
            new FlakyStore(store),
            CircuitBreakerConfig.builder().trialPatience(Duration.ofSeconds(3)).build());
    immortal.fail(10);
    time.advance(REFRESH.plus(RECOVERY));
    immortal.line.all(Fault.HANG);
    CompletableFuture<String> ghost = CompletableFuture.completedFuture("unused");
    assertThat(ghost).isDone();
    // Another process took the lease and died: nobody will ever settle it.
    WriteResult claimed =
        store
            .claimTrial("b", row().version(), "dead-process:1", Duration.ofSeconds(15))
            .toCompletableFuture()
            .join();
    assertThat(claimed).isInstanceOf(WriteResult.Written.class);

    assertThat(two.begin()).isNull();
    time.advance(Duration.ofSeconds(15));
    CompletableFuture<String> trial = two.begin();

    assertThat(trial).isNotNull();
    trial.complete("back");
    assertThat(row().state()).isEqualTo(CLOSED);
    immortal.close();
  }

  @Test
  void a_cancelled_trial_frees_the_lease_for_the_other_at_once() {
    one.fail(10);
    time.advance(REFRESH.plus(RECOVERY));
    CompletableFuture<String> operation = new CompletableFuture<>();
    CompletableFuture<ExecutionResult<String>> call =
        one.breaker.executeAsync(() -> operation).toCompletableFuture();
    assertThat(one.state()).isEqualTo(HALF_OPEN);

    call.cancel(true);

    assertThat(operation).isCancelled();
    assertThat(one.state()).isEqualTo(HALF_OPEN);
    assertThat(row().trialRemaining()).isZero();
    time.advance(REFRESH);
    assertThat(two.succeeds()).isTrue();
    assertThat(row().state()).isEqualTo(CLOSED);
  }

  @Test
  void an_operators_order_reaches_the_other_and_beats_a_racing_trial() {
    one.fail(10);
    time.advance(REFRESH.plus(RECOVERY));
    CompletableFuture<String> trial = one.begin();

    two.breaker.forceOpen("maintenance");
    trial.complete("back");
    time.advance(REFRESH.multipliedBy(2));

    assertThat(row().state()).isEqualTo(OPEN);
    assertThat(row().hold()).isEqualTo(Hold.OPEN);
    assertThat(one.state()).isEqualTo(OPEN);
    time.advance(Duration.ofHours(1));
    assertThat(one.succeeds()).isFalse();
    two.breaker.reset();
    time.advance(REFRESH);
    assertThat(one.succeeds()).isTrue();
    assertThat(one.breaker.getMetrics().lateResults()).isEqualTo(1);
  }

  @Test
  void forced_closed_holds_whatever_fails_in_either() {
    one.breaker.forceClosed("known noise");
    time.advance(REFRESH);
    two.fail(30);
    time.advance(REFRESH);

    assertThat(two.state()).isEqualTo(CLOSED);
    assertThat(one.state()).isEqualTo(CLOSED);
    assertThat(row().hold()).isEqualTo(Hold.CLOSED);
  }

  @Test
  void nothing_done_for_one_business_touches_another() {
    VoiceCircuitBreaker other = one.breakers.forBusiness("other");
    one.fail(10);
    time.advance(REFRESH);

    assertThat(other.state()).isEqualTo(CLOSED);
    assertThat(other.getMetrics().totalExecutions()).isZero();
    assertThat(
            store
                .getStates(java.util.List.of("other"))
                .toCompletableFuture()
                .join()
                .get("other")
                .version())
        .isZero();
  }

  @Test
  void a_healthy_call_costs_no_store_access() {
    one.succeeds();
    one.line.resetCounts();

    for (int i = 0; i < 10_000; i++) {
      one.succeeds();
    }

    assertThat(one.line.count()).isZero();
  }

  @Test
  void an_idle_instance_asks_once_in_five_seconds() {
    for (int i = 0; i < 100; i++) {
      one.breakers.forBusiness("business-" + i);
    }
    one.line.resetCounts();

    time.advance(Duration.ofSeconds(50));

    assertThat(one.line.count(Operation.CHANGES)).isEqualTo(10);
    assertThat(one.line.count()).isEqualTo(10);
  }

  @Test
  void a_storm_of_failures_and_successes_costs_at_most_two_writes_a_second() {
    Instance busy =
        new Instance(
            time,
            new FlakyStore(store),
            CircuitBreakerConfig.builder().failureThreshold(1_000_000).build());
    for (int second = 0; second < 10; second++) {
      busy.line.resetCounts();
      for (int i = 0; i < 1_000; i++) {
        busy.fail(1);
        if (i % 3 == 0) {
          busy.succeeds();
        }
        time.advance(Duration.ofMillis(1));
      }
      assertThat(busy.line.count(Operation.SET)).isBetween(1, 2);
    }
    busy.close();
  }

  @Test
  void counts_are_in_the_store_within_a_second() {
    one.fail(1);
    one.fail(1);
    time.advance(Duration.ofSeconds(1));

    assertThat(row().failureCount()).isEqualTo(2);
  }

  @Test
  void calls_before_the_first_reading_run_as_closed_and_their_failures_are_kept() {
    one.fail(7);
    FlakyStore slow = new FlakyStore(store);
    slow.fault(Operation.GET_MANY, Fault.HOLD);
    Instance late = new Instance(time, slow, CircuitBreakerConfig.defaults());
    time.advance(Duration.ofSeconds(1));
    late.fail(3);
    assertThat(late.state()).isEqualTo(CLOSED);

    slow.release();

    assertThat(late.state()).isEqualTo(OPEN);
    assertThat(row().state()).isEqualTo(OPEN);
    late.close();
  }

  @Test
  void a_first_reading_of_an_open_row_opens_and_fences_what_ran_before() {
    one.fail(10);
    FlakyStore slow = new FlakyStore(store);
    slow.fault(Operation.GET_MANY, Fault.HOLD);
    Instance late = new Instance(time, slow, CircuitBreakerConfig.defaults());
    CompletableFuture<String> early = late.begin();

    slow.release();
    early.complete("late");

    assertThat(late.state()).isEqualTo(OPEN);
    assertThat(late.breaker.getMetrics().lateResults()).isEqualTo(1);
    late.close();
  }

  @Test
  void a_merge_that_opens_the_circuit_is_written_at_once() {
    Instance patient =
        new Instance(
            time,
            new FlakyStore(store),
            CircuitBreakerConfig.builder().volumeThreshold(100).build());
    for (int i = 0; i < 5; i++) {
      two.succeeds();
    }
    patient.fail(5);

    time.advance(REFRESH.plusMillis(1));

    assertThat(two.state()).isEqualTo(OPEN);
    assertThat(row().state()).isEqualTo(OPEN);
    patient.close();
  }

  @Test
  void what_came_from_another_keeps_the_time_it_happened_at() {
    java.time.Instant opened = time.now();
    one.fail(10);

    time.advance(REFRESH);

    assertThat(two.breaker.snapshot().lastStateChange()).isEqualTo(opened);
    assertThat(two.events.changes.get(0).at()).isEqualTo(opened);
    assertThat(two.events.changes.get(0).reason()).isEqualTo("store");
  }

  @Test
  void closing_frees_the_lease_and_writes_what_is_left() {
    one.fail(10);
    time.advance(REFRESH.plus(RECOVERY));
    one.begin();
    two.breakers
        .forBusiness("x")
        .executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    two.breakers
        .forBusiness("x")
        .executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));

    one.close();
    two.close();

    assertThat(row().trialRemaining()).isZero();
    assertThat(store.getState("x").toCompletableFuture().join().failureCount()).isEqualTo(2);
  }

  @Test
  void a_circuit_is_loaded_once_its_row_has_been_read() {
    FlakyStore line = new FlakyStore(store);
    line.fault(Operation.GET_MANY, Fault.HOLD);
    try (Instance late = new Instance(time, line, CircuitBreakerConfig.defaults())) {
      assertThat(late.breaker.isLoaded()).isFalse();

      line.release();

      assertThat(late.breaker.isLoaded()).isTrue();
    }
  }

  @Test
  void without_a_store_a_circuit_has_nothing_to_load() {
    try (VoiceCircuitBreakers alone = VoiceCircuitBreakers.builder().timeSource(time).build()) {
      assertThat(alone.forBusiness("b").isLoaded()).isTrue();
    }
  }
}
