package dev.fusible;

import static dev.fusible.CircuitBreakerState.CLOSED;
import static dev.fusible.CircuitBreakerState.HALF_OPEN;
import static dev.fusible.CircuitBreakerState.OPEN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.FlakyStore.Fault;
import dev.fusible.FlakyStore.Operation;
import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How the trial is asked of the store, and what becomes of a lease. */
class ClaimTest {

  private static final Duration RECOVERY = Duration.ofSeconds(30);

  private final ManualTime time = new ManualTime();
  private final CircuitBreakerStore store = CircuitBreakerStore.inMemory(time);
  private final List<AutoCloseable> opened = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable instance : opened) {
      instance.close();
    }
  }

  private Instance instance(CircuitBreakerConfig config) {
    Instance instance = new Instance(time, new FlakyStore(store), config);
    opened.add(instance);
    return instance;
  }

  private Instance instance() {
    return instance(CircuitBreakerConfig.defaults());
  }

  private Instance readyForATrial() {
    Instance instance = instance();
    instance.fail(10);
    time.advance(RECOVERY);
    return instance;
  }

  private CompletableFuture<ExecutionResult<String>> call(Instance instance) {
    return instance
        .breaker
        .executeAsync(() -> CompletableFuture.completedFuture("ok"))
        .toCompletableFuture();
  }

  @Test
  void who_asked_for_the_trial_runs_it_and_no_call_that_comes_when_it_is_granted() {
    Instance one = readyForATrial();
    List<CompletableFuture<ExecutionResult<String>>> later = new ArrayList<>();
    one.breaker.addListener(
        new CircuitBreakerListener() {
          @Override
          public void onStateChange(StateChange change) {
            if (change.to() == HALF_OPEN) {
              later.add(call(one));
            }
          }
        });

    assertThat(call(one).join().isFallback()).isFalse();

    assertThat(later).singleElement().matches(call -> call.join().isFallback());
  }

  @Test
  void a_caller_of_a_slow_claim_gets_the_trial_when_it_comes() {
    Instance one = readyForATrial();
    one.line.fault(Operation.CLAIM, Fault.HOLD);
    CompletableFuture<ExecutionResult<String>> call = call(one);
    assertThat(call).isNotDone();
    assertThat(one.state()).isEqualTo(OPEN);

    one.line.release();

    assertThat(call.join().isFallback()).isFalse();
    assertThat(one.state()).isEqualTo(CLOSED);
  }

  @Test
  void everyone_else_is_answered_while_a_claim_is_under_way() {
    Instance one = readyForATrial();
    one.line.fault(Operation.CLAIM, Fault.HOLD);
    call(one);

    for (int i = 0; i < 5; i++) {
      assertThat(call(one).join().isFallback()).isTrue();
    }

    assertThat(one.line.count(Operation.CLAIM)).isEqualTo(1);
    one.line.release();
  }

  @Test
  void a_lease_that_no_caller_waited_for_is_used_by_the_next_call() {
    Instance one = readyForATrial();
    one.line.fault(Operation.CLAIM, Fault.HOLD);
    giveUp(one);
    one.line.release();
    assertThat(one.state()).isEqualTo(HALF_OPEN);

    assertThat(call(one).join().isFallback()).isFalse();

    assertThat(one.line.count(Operation.CLAIM)).isEqualTo(1);
    assertThat(one.state()).isEqualTo(CLOSED);
  }

  /** A call whose caller does not wait for the store any longer. */
  private static void giveUp(Instance instance) {
    Admitted.Claiming claiming = (Admitted.Claiming) instance.circuit().admit();
    assertThat(claiming.attempt().complete(null)).isTrue();
  }

  @Test
  void a_lease_that_will_soon_end_is_used_all_the_same() {
    Instance one = readyForATrial();
    one.line.fault(Operation.CLAIM, Fault.HOLD);
    giveUp(one);
    one.line.release();
    time.advance(Duration.ofSeconds(14));

    assertThat(call(one).join().isFallback()).isFalse();

    assertThat(one.state()).isEqualTo(CLOSED);
  }

  @Test
  void a_lease_that_has_ended_unused_is_claimed_anew() {
    Instance one = readyForATrial();
    one.line.fault(Operation.CLAIM, Fault.HOLD);
    giveUp(one);
    one.line.release();
    one.line.fault(Operation.CLAIM, Fault.NONE);
    time.advance(Duration.ofSeconds(15));

    assertThat(call(one).join().isFallback()).isFalse();

    assertThat(one.line.count(Operation.CLAIM)).isEqualTo(2);
    assertThat(one.events.changes.stream().filter(c -> c.to() == HALF_OPEN)).hasSize(1);
  }

  @Test
  void a_stale_prober_has_no_say_while_the_next_trial_is_being_claimed() {
    Instance one = instance(CircuitBreakerConfig.builder().timeout(Duration.ZERO).build());
    one.fail(10);
    time.advance(RECOVERY);
    CompletableFuture<String> stale = one.begin();
    time.advance(Duration.ofSeconds(60));
    one.line.fault(Operation.CLAIM, Fault.HOLD);
    CompletableFuture<ExecutionResult<String>> next = call(one);

    stale.complete("at last");

    assertThat(one.state()).isEqualTo(HALF_OPEN);
    assertThat(one.breaker.getMetrics().lateResults()).isEqualTo(1);
    one.line.release();
    assertThat(next.join().isFallback()).isFalse();
    assertThat(one.state()).isEqualTo(CLOSED);
  }

  @Test
  void without_a_limit_a_lease_lasts_a_minute() {
    Instance one = instance(CircuitBreakerConfig.builder().timeout(Duration.ZERO).build());
    one.fail(10);
    time.advance(RECOVERY);
    CompletableFuture<String> trial = one.begin();
    time.advance(Duration.ofSeconds(60).minusNanos(1));

    assertThat(call(one).join().isFallback()).isTrue();
    trial.complete("just in time");

    assertThat(one.state()).isEqualTo(CLOSED);
  }

  @Test
  void a_lease_lasts_the_operations_time_and_seven_seconds() {
    Instance one = readyForATrial();

    one.begin();

    CircuitBreakerStoreState row = store.getState("b").toCompletableFuture().join();
    assertThat(row.trialRemaining()).isEqualTo(Duration.ofSeconds(15));
  }

  @Test
  void the_wait_for_the_store_is_part_of_the_callers_wait_and_not_of_the_trials_time() {
    Instance one = readyForATrial();
    one.line.fault(Operation.CLAIM, Fault.HOLD);
    CompletableFuture<ExecutionResult<String>> call =
        one.breaker.executeAsync(() -> new CompletableFuture<String>()).toCompletableFuture();
    time.advance(Duration.ofMillis(200));
    one.line.release();

    time.advance(Duration.ofMillis(2_799));
    assertThat(call).isNotDone();
    time.advance(Duration.ofMillis(1));

    assertThat(call).isDone();
    time.advance(Duration.ofMillis(5_199));
    assertThat(one.state()).isEqualTo(HALF_OPEN);
    time.advance(Duration.ofMillis(1));
    assertThat(one.state()).isEqualTo(OPEN);
  }

  @Test
  void a_claim_is_refused_while_another_instance_holds_the_lease() {
    Instance one = readyForATrial();
    Instance two = instance();
    time.advance(Duration.ofSeconds(5));
    one.begin();

    assertThat(call(two).join().isFallback()).isTrue();

    assertThat(two.state()).isEqualTo(HALF_OPEN);
    assertThat(call(two).join().isFallback()).isTrue();
    assertThat(two.line.count(Operation.CLAIM)).as("it knows whose the trial is").isEqualTo(1);
  }

  @Test
  void a_claim_waits_for_the_circuits_own_writes() {
    Instance one = instance();
    one.line.fault(Operation.SET, Fault.HOLD);
    one.fail(10);
    time.advance(Duration.ofMillis(1));
    one.line.fault(Operation.SET, Fault.NONE);
    one.line.release();
    time.advance(RECOVERY);

    assertThat(call(one).join().isFallback()).isFalse();
    assertThat(one.state()).isEqualTo(CLOSED);
  }

  @Test
  void a_claim_made_before_the_first_reading_is_answered_after_it() {
    FlakyStore slow = new FlakyStore(store);
    slow.fault(Operation.GET_MANY, Fault.HOLD);
    Instance one =
        new Instance(
            time,
            slow,
            CircuitBreakerConfig.builder().recoveryTimeout(Duration.ofMillis(100)).build());
    opened.add(one);
    one.fail(10);
    time.advance(Duration.ofMillis(100));
    CompletableFuture<ExecutionResult<String>> call = call(one);
    assertThat(call).isNotDone();

    slow.release();

    assertThat(call.join().isFallback()).isFalse();
    assertThat(one.state()).isEqualTo(CLOSED);
  }

  @Test
  void a_claim_made_before_the_first_reading_is_answered_from_memory_when_the_store_fails() {
    FlakyStore slow = new FlakyStore(store);
    slow.all(Fault.HANG);
    Instance one =
        new Instance(
            time,
            slow,
            CircuitBreakerConfig.builder().recoveryTimeout(Duration.ofMillis(100)).build());
    opened.add(one);
    one.fail(10);
    time.advance(Duration.ofMillis(100));
    CompletableFuture<ExecutionResult<String>> call = call(one);
    assertThat(call).isNotDone();

    time.advance(Duration.ofSeconds(2));

    assertThat(call.join().isFallback()).isFalse();
  }

  @Test
  void an_operators_order_in_the_midst_of_a_claim_stands() {
    Instance one = readyForATrial();
    one.line.fault(Operation.CLAIM, Fault.HOLD);
    CompletableFuture<ExecutionResult<String>> call = call(one);

    one.breaker.forceOpen("maintenance");
    one.line.release();

    assertThat(call.join().isFallback()).isTrue();
    assertThat(one.state()).isEqualTo(OPEN);
    CircuitBreakerStoreState row = store.getState("b").toCompletableFuture().join();
    assertThat(row.hold()).isEqualTo(Hold.OPEN);
    assertThat(row.trialToken()).isNull();
  }

  @Test
  void a_reset_in_the_midst_of_a_claim_stands() {
    Instance one = readyForATrial();
    one.line.fault(Operation.CLAIM, Fault.HOLD);
    CompletableFuture<ExecutionResult<String>> call = call(one);

    one.breaker.reset();
    one.line.release();

    assertThat(call.join().isFallback()).isTrue();
    assertThat(one.state()).isEqualTo(CLOSED);
    assertThat(store.getState("b").toCompletableFuture().join().state()).isEqualTo(CLOSED);
  }

  @Test
  void a_claim_whose_executor_refuses_ends_in_the_sentence_and_frees_the_trial() {
    FlakyStore line = new FlakyStore(store);
    List<Runnable> refusals = new ArrayList<>();
    VoiceCircuitBreakers breakers =
        VoiceCircuitBreakers.builder()
            .timeSource(time)
            .store(line)
            .storeWorker(Runnable::run)
            .claimLimit(claim -> claim)
            .executor(
                task -> {
                  refusals.add(task);
                  throw new RejectedExecutionException();
                })
            .build();
    opened.add(breakers);
    VoiceCircuitBreaker breaker = breakers.forBusiness("b");
    breaker.forceOpen("x");
    breaker.reset();
    for (int i = 0; i < 10; i++) {
      breaker.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    }
    time.advance(RECOVERY);
    line.fault(Operation.CLAIM, Fault.HOLD);
    CompletableFuture<ExecutionResult<String>> call =
        breaker.executeAsync(() -> CompletableFuture.completedFuture("ok")).toCompletableFuture();

    line.release();

    assertThat(refusals).hasSize(1);
    assertThat(call.join().isFallback()).isTrue();
    assertThat(breakers.circuit("b").inFlight()).isZero();
    line.fault(Operation.CLAIM, Fault.NONE);
    assertThat(
            breaker
                .executeAsync(() -> CompletableFuture.completedFuture("ok"))
                .toCompletableFuture()
                .join()
                .isFallback())
        .as("the trial is free")
        .isFalse();
  }
}
