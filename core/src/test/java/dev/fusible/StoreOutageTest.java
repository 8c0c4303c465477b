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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A store that is down, slow or broken: calls go on, and nothing is lost that can be kept. */
class StoreOutageTest {

  private static final Duration RECOVERY = Duration.ofSeconds(30);

  private final ManualTime time = new ManualTime();
  private final CircuitBreakerStore store = CircuitBreakerStore.inMemory(time);
  private final FlakyStore line = new FlakyStore(store);
  private final Instance one = new Instance(time, line, CircuitBreakerConfig.defaults());

  @AfterEach
  void close() {
    line.all(Fault.NONE);
    one.close();
  }

  private CircuitBreakerStoreState row(String businessId) {
    return store.getState(businessId).toCompletableFuture().join();
  }

  private static void fail(VoiceCircuitBreaker breaker, int times) {
    for (int i = 0; i < times; i++) {
      breaker.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    }
  }

  private void assertAnnounced(String... words) {
    assertThat(one.events.all.stream().filter(w -> w.equals("degraded") || w.equals("recovered")))
        .containsExactly(words);
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"FAIL", "HANG", "THROW", "LOSE_ANSWER"})
  void an_outage_is_one_warning_and_one_recovery_and_loses_no_trip(Fault fault) {
    line.all(fault);
    one.fail(10);
    assertThat(one.state()).isEqualTo(OPEN);
    time.advance(Duration.ofSeconds(20));
    assertAnnounced("degraded");

    line.all(Fault.NONE);
    time.advance(Duration.ofSeconds(8));

    assertAnnounced("degraded", "recovered");
    assertThat(row("b").state()).isEqualTo(OPEN);
    assertThat(row("b").failureCount()).isEqualTo(10);
    assertThat(one.breaker.snapshot().retryAfter()).isBetween(Duration.ofSeconds(2), RECOVERY);
  }

  @Test
  void a_store_that_hangs_is_announced_within_two_seconds() {
    line.all(Fault.HANG);
    one.fail(1);
    time.advance(Duration.ofMillis(1_999));
    assertAnnounced();

    time.advance(Duration.ofMillis(1));

    assertAnnounced("degraded");
    assertThat(one.events.store.get(0).errorCode()).isEqualTo("timeout");
  }

  @Test
  void an_outage_that_no_call_notices_is_announced_by_the_refresh() {
    line.all(Fault.FAIL);

    time.advance(Duration.ofSeconds(5));

    assertAnnounced("degraded");
    assertThat(one.events.store.get(0).errorCode()).isEqualTo("unreachable");
  }

  @Test
  void while_the_store_hangs_calls_behave_the_same() {
    line.all(Fault.HANG);
    for (int i = 0; i < 4; i++) {
      one.fail(1);
      assertThat(one.succeeds()).isTrue();
    }
    assertThat(one.failures()).isZero();
    one.fail(9);
    assertThat(one.state()).isEqualTo(OPEN);
    assertThat(one.succeeds()).isFalse();
    time.advance(RECOVERY);
    assertThat(one.succeeds()).as("the trial").isTrue();
    assertThat(one.state()).isEqualTo(CLOSED);
    assertThat(one.breaker.getMetrics().totalExecutions()).isEqualTo(14);
    assertThat(one.breaker.getMetrics().fallbacksServed()).isEqualTo(14);
  }

  @Test
  void while_the_store_is_down_there_is_one_trial_at_a_time_in_each_instance() {
    one.fail(10);
    line.all(Fault.FAIL);
    time.advance(RECOVERY);

    CompletableFuture<String> trial = one.begin();

    assertThat(trial).isNotNull();
    assertThat(one.begin()).isNull();
    assertThat(one.state()).isEqualTo(HALF_OPEN);
    trial.completeExceptionally(new IllegalStateException());
    assertThat(one.state()).isEqualTo(OPEN);
    assertThat(one.begin()).isNull();
  }

  @Test
  void what_a_trial_found_out_alone_is_written_when_the_store_is_back() {
    one.fail(10);
    line.all(Fault.FAIL);
    time.advance(RECOVERY);
    assertThat(one.succeeds()).isTrue();

    line.all(Fault.NONE);
    time.advance(Duration.ofSeconds(10));

    assertThat(row("b").state()).isEqualTo(CLOSED);
    assertAnnounced("degraded", "recovered");
  }

  @Test
  void a_claim_whose_answer_is_lost_holds_the_lease_that_the_trial_runs_with() {
    one.fail(10);
    time.advance(RECOVERY);
    line.fault(Operation.CLAIM, Fault.LOSE_ANSWER);

    CompletableFuture<String> trial = one.begin();
    assertThat(trial).isNotNull();
    assertThat(row("b").state()).isEqualTo(HALF_OPEN);
    time.advance(Duration.ofSeconds(5));
    trial.complete("back");
    time.advance(Duration.ofSeconds(5));

    assertThat(row("b").state()).isEqualTo(CLOSED);
    assertThat(one.state()).isEqualTo(CLOSED);
    assertThat(one.breaker.getMetrics().lateResults()).isZero();
  }

  @Test
  void a_circuit_that_opens_again_before_its_trial_could_be_written_stays_open() {
    one.fail(10);
    time.advance(RECOVERY);
    line.fault(Operation.CLAIM, Fault.LOSE_ANSWER);
    line.fault(Operation.SET, Fault.FAIL);
    one.begin().complete("back");
    one.fail(10);
    assertThat(one.state()).isEqualTo(OPEN);

    line.all(Fault.NONE);
    time.advance(Duration.ofSeconds(5));

    assertThat(one.state()).isEqualTo(OPEN);
    assertThat(row("b").state()).isEqualTo(OPEN);
  }

  @Test
  void a_write_whose_answer_was_lost_is_known_again_and_counted_once() {
    line.fault(Operation.SET, Fault.LOSE_ANSWER);
    one.fail(3);
    line.fault(Operation.SET, Fault.NONE);

    time.advance(Duration.ofSeconds(10));

    assertThat(row("b").failureCount()).isEqualTo(3);
    assertThat(one.failures()).isEqualTo(3);
  }

  @Test
  void a_write_that_happens_long_after_it_was_given_up_is_counted_once() {
    line.fault(Operation.SET, Fault.DEFER);
    one.fail(1);
    time.advance(Duration.ofSeconds(2));
    // The next write is given up too; then the first one happens after all.
    time.advance(Duration.ofSeconds(1));
    assertThat(line.count(Operation.SET)).isGreaterThanOrEqualTo(2);
    line.happen(0);
    line.fault(Operation.SET, Fault.NONE);
    one.fail(1);

    time.advance(Duration.ofSeconds(30));

    assertThat(row("b").failureCount()).isEqualTo(2);
    assertThat(one.failures()).isEqualTo(2);
  }

  @Test
  void failures_of_both_add_up_after_an_outage_of_one() {
    Instance two = new Instance(time, store);
    line.all(Fault.FAIL);
    one.fail(4);
    two.fail(3);
    time.advance(Duration.ofSeconds(6));

    line.all(Fault.NONE);
    time.advance(Duration.ofSeconds(15));

    assertThat(row("b").failureCount()).isEqualTo(7);
    assertThat(one.failures()).isEqualTo(7);
    assertThat(two.failures()).isEqualTo(7);
    two.close();
  }

  @Test
  void a_read_only_store_is_degraded_until_it_takes_writes_again() {
    line.fault(Operation.SET, Fault.FAIL);
    one.fail(10);
    time.advance(Duration.ofMinutes(1));
    assertAnnounced("degraded");

    line.fault(Operation.SET, Fault.NONE);
    time.advance(Duration.ofSeconds(10));

    assertAnnounced("degraded", "recovered");
    assertThat(row("b").state()).isEqualTo(OPEN);
  }

  @Test
  void one_row_that_the_store_refuses_degrades_it_once_and_holds_up_no_other() {
    line.refuse("b");
    VoiceCircuitBreaker other = one.breakers.forBusiness("other");
    one.fail(10);
    fail(other, 1);
    time.advance(Duration.ofMinutes(10));

    assertAnnounced("degraded", "recovered");
    assertThat(row("other").failureCount()).isEqualTo(1);
    fail(other, 1);
    time.advance(Duration.ofSeconds(1));
    assertThat(row("other").failureCount()).isEqualTo(2);
    line.refuse(null);
    time.advance(Duration.ofSeconds(6));
    assertThat(row("b").state()).isEqualTo(OPEN);
  }

  @Test
  void a_circuit_that_the_store_refuses_tries_its_trial_alone() {
    line.refuse("b");
    one.fail(10);
    fail(one.breakers.forBusiness("other"), 1);
    time.advance(RECOVERY.plusSeconds(1));
    assertAnnounced("degraded", "recovered");

    assertThat(one.succeeds()).isTrue();

    assertThat(one.state()).isEqualTo(CLOSED);
  }

  @Test
  void a_row_that_can_not_be_understood_is_left_alone_until_it_can() {
    FlakyStore broken = new FlakyStore(store);
    broken.hide("b");
    Instance two = new Instance(time, broken, CircuitBreakerConfig.defaults());
    two.fail(10);
    time.advance(RECOVERY);
    assertThat(two.succeeds()).as("a trial of its own").isTrue();
    two.fail(3);
    assertThat(row("b").version()).as("made by this reading").isEqualTo(1);
    assertThat(broken.count(Operation.SET)).isZero();

    broken.hide(null);
    Instance three = new Instance(time, store);
    three.fail(1);
    time.advance(Duration.ofSeconds(15));

    assertThat(row("b").failureCount()).as("a success of two forgot the others").isEqualTo(3);
    two.close();
    three.close();
  }

  @Test
  void a_store_that_talks_nonsense_stops_nothing() {
    FlakyStore nonsense = new FlakyStore(store);
    nonsense.talkNonsense(true);
    Instance two = new Instance(time, nonsense, CircuitBreakerConfig.defaults());
    two.fail(10);
    time.advance(RECOVERY);
    assertThat(two.succeeds()).isTrue();
    two.fail(10);

    nonsense.talkNonsense(false);
    time.advance(Duration.ofSeconds(15));

    assertThat(row("b").state()).isEqualTo(OPEN);
    assertThat(two.events.all).contains("recovered");
    two.close();
  }

  @Test
  void first_readings_come_soon_after_a_recovery() {
    new Instance(time, new FlakyStore(store), CircuitBreakerConfig.defaults()).fail(10);
    line.all(Fault.FAIL);
    one.fail(1);
    VoiceCircuitBreaker late = one.breakers.forBusiness("late");
    fail(late, 1);
    time.advance(Duration.ofSeconds(10));

    line.all(Fault.NONE);
    time.advance(Duration.ofSeconds(6));

    assertThat(row("late").failureCount()).isEqualTo(1);
    assertThat(one.state()).isEqualTo(OPEN);
  }

  @Test
  void start_up_succeeds_with_the_store_down() {
    FlakyStore down = new FlakyStore(store);
    down.all(Fault.THROW);

    Instance two = new Instance(time, down, CircuitBreakerConfig.defaults());

    assertThat(two.succeeds()).isTrue();
    two.close();
  }
}
