package dev.fusible;

import static dev.fusible.CircuitBreakerState.CLOSED;
import static dev.fusible.CircuitBreakerState.HALF_OPEN;
import static dev.fusible.CircuitBreakerState.OPEN;
import static dev.fusible.FleetInstance.LLM;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.FlakyStore.Fault;
import dev.fusible.FlakyStore.Operation;
import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A call whose business's circuit, or whose upstream's, or both, are to be tried. */
class TwoTrialsTest {

  private static final Duration REFRESH = Duration.ofSeconds(5);
  private static final Duration RECOVERY = Duration.ofSeconds(30);

  private final ManualTime time = new ManualTime();
  private final CircuitBreakerStore store = CircuitBreakerStore.inMemory(time);
  private final FleetInstance one = new FleetInstance(time, store);
  private final FleetInstance two = new FleetInstance(time, store);

  @AfterEach
  void close() {
    one.close();
    two.close();
  }

  private CircuitBreakerStoreState row(String id) {
    return store.getState(id).toCompletableFuture().join();
  }

  private CircuitBreakerStoreState sharedRow() {
    return row("upstream/" + LLM);
  }

  private void openUpstream() {
    for (String business : new String[] {"x", "y", "z", "x", "y", "z", "x", "y", "z", "x"}) {
      one.fail(business, 1);
    }
    assertThat(one.state()).isEqualTo(OPEN);
    time.advance(REFRESH);
  }

  /** Opens the business's circuit, and not the upstream's. */
  private void openBusiness() {
    VoiceCircuitBreaker alone = one.breakers.forBusiness("b");
    for (int i = 0; i < 10; i++) {
      alone.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    }
    assertThat(alone.state()).isEqualTo(OPEN);
    time.advance(REFRESH);
  }

  @Test
  void one_call_is_both_trials_and_closes_both() {
    openUpstream();
    openBusiness();
    time.advance(RECOVERY);

    CompletableFuture<String> trial = one.begin("b");

    assertThat(one.state()).isEqualTo(HALF_OPEN);
    assertThat(one.of("b").state()).isEqualTo(HALF_OPEN);
    trial.complete("back");
    assertThat(one.state()).isEqualTo(CLOSED);
    assertThat(one.of("b").state()).isEqualTo(CLOSED);
    assertThat(sharedRow().trialToken()).isNull();
    assertThat(row("b").trialToken()).isNull();
  }

  @Test
  void one_call_that_fails_opens_both() {
    openUpstream();
    openBusiness();
    time.advance(RECOVERY);

    one.fail("b", 1);

    assertThat(sharedRow().state()).isEqualTo(OPEN);
    assertThat(sharedRow().failedTrials()).isEqualTo(1);
    assertThat(row("b").failedTrials()).isEqualTo(1);
  }

  @Test
  void a_businesss_trial_is_not_used_up_while_the_upstream_is_open() {
    openBusiness();
    time.advance(RECOVERY);
    openUpstream();
    one.line.resetCounts();

    assertThat(one.succeeds("b")).isFalse();

    assertThat(one.of("b").state()).isEqualTo(OPEN);
    assertThat(one.line.count(Operation.CLAIM)).isZero();
  }

  @Test
  void nor_while_another_business_tries_the_upstream() {
    openUpstream();
    openBusiness();
    time.advance(RECOVERY);
    CompletableFuture<String> trial = two.begin("other");
    assertThat(trial).isNotNull();

    assertThat(one.succeeds("b")).isFalse();

    assertThat(one.state()).as("refused by the store").isEqualTo(HALF_OPEN);
    assertThat(one.of("b").state()).isEqualTo(OPEN);
    trial.complete("back");
    time.advance(REFRESH);
    assertThat(one.succeeds("b")).isTrue();
    assertThat(one.of("b").state()).isEqualTo(CLOSED);
  }

  @Test
  void the_upstreams_trial_is_not_asked_for_while_the_business_is_open() {
    openUpstream();
    time.advance(RECOVERY);
    one.of("b").forceOpen("x");
    one.line.resetCounts();

    assertThat(one.succeeds("b")).isFalse();

    assertThat(one.state()).isEqualTo(OPEN);
    assertThat(one.line.count(Operation.CLAIM)).isZero();
    assertThat(one.succeeds("other")).isTrue();
  }

  @Test
  void an_upstreams_trial_that_its_business_can_not_use_goes_to_the_next_call() {
    openUpstream();
    openBusiness();
    time.advance(RECOVERY);
    WriteResult elsewhere =
        store
            .claimTrial("b", row("b").version(), "elsewhere", Duration.ofSeconds(15))
            .toCompletableFuture()
            .join();
    assertThat(elsewhere).isInstanceOf(WriteResult.Written.class);

    assertThat(one.succeeds("b")).isFalse();

    assertThat(one.state()).isEqualTo(HALF_OPEN);
    assertThat(one.upstream.getMetrics().totalExecutions()).isEqualTo(10);
    one.line.resetCounts();
    assertThat(one.succeeds("other")).isTrue();
    assertThat(one.line.count(Operation.CLAIM)).isZero();
    assertThat(one.state()).isEqualTo(CLOSED);
  }

  @Test
  void a_caller_who_does_not_wait_for_the_first_claim_leaves_both_trials() {
    openUpstream();
    openBusiness();
    time.advance(RECOVERY);
    one.line.fault(Operation.CLAIM, Fault.HOLD);
    giveUp("b");
    one.line.fault(Operation.CLAIM, Fault.NONE);

    one.line.release();

    assertThat(one.state()).isEqualTo(HALF_OPEN);
    assertThat(one.of("b").state()).isEqualTo(OPEN);
    assertThat(one.upstream.getMetrics().totalExecutions()).isEqualTo(10);
    assertThat(one.succeeds("b")).isTrue();
    assertThat(one.state()).isEqualTo(CLOSED);
    assertThat(one.of("b").state()).isEqualTo(CLOSED);
  }

  @Test
  void a_caller_who_does_not_wait_for_the_second_claim_leaves_both_trials() {
    openUpstream();
    openBusiness();
    time.advance(RECOVERY);
    one.line.fault(Operation.CLAIM, Fault.HOLD);
    CompletableFuture<Attempt> caller = claiming("b");
    one.line.release();
    assertThat(one.state()).as("granted").isEqualTo(HALF_OPEN);
    assertThat(caller).as("the business's is still asked for").isNotDone();

    assertThat(caller.complete(null)).isTrue();
    one.line.release();

    assertThat(one.of("b").state()).isEqualTo(HALF_OPEN);
    assertThat(one.upstream.getMetrics().totalExecutions()).isEqualTo(10);
    assertThat(one.of("b").getMetrics().totalExecutions()).isEqualTo(10);
    one.line.resetCounts();
    assertThat(one.succeeds("b")).isTrue();
    assertThat(one.line.count(Operation.CLAIM)).as("both leases were kept").isZero();
    assertThat(one.state()).isEqualTo(CLOSED);
    assertThat(one.of("b").state()).isEqualTo(CLOSED);
  }

  private void giveUp(String business) {
    assertThat(claiming(business).complete(null)).isTrue();
  }

  private CompletableFuture<Attempt> claiming(String business) {
    Passage passage =
        new TwoCircuits(one.breakers.circuit(business), one.breakers.circuit("upstream/" + LLM));
    return ((Admitted.Claiming) passage.admit()).attempt();
  }

  @Test
  void a_permit_of_both_that_comes_too_late_leaves_both_trials_to_the_next_call() {
    openUpstream();
    openBusiness();
    time.advance(RECOVERY);

    claiming("b").join().giveBack();

    one.line.resetCounts();
    assertThat(one.succeeds("b")).isTrue();
    assertThat(one.line.count(Operation.CLAIM)).as("both leases were kept").isZero();
    assertThat(one.state()).isEqualTo(CLOSED);
    assertThat(one.of("b").state()).isEqualTo(CLOSED);
  }

  @Test
  void an_order_in_the_midst_of_the_upstreams_claim_stands_and_its_trial_is_kept() {
    openUpstream();
    time.advance(RECOVERY);
    one.line.fault(Operation.CLAIM, Fault.HOLD);
    CompletableFuture<ExecutionResult<String>> call =
        one.call("b", () -> CompletableFuture.completedFuture("ok"));
    one.line.fault(Operation.CLAIM, Fault.NONE);
    one.of("b").forceOpen("x");

    one.line.release();

    assertThat(call.join().isFallback()).isTrue();
    assertThat(one.state()).isEqualTo(HALF_OPEN);
    assertThat(one.succeeds("other")).isTrue();
    assertThat(one.state()).isEqualTo(CLOSED);
  }

  @Test
  void an_upstream_that_opens_in_the_midst_of_the_businesss_claim_is_not_called() {
    openBusiness();
    time.advance(RECOVERY);
    one.line.fault(Operation.CLAIM, Fault.HOLD);
    int calls = one.calls;
    CompletableFuture<ExecutionResult<String>> call =
        one.call("b", () -> CompletableFuture.completedFuture("ok"));
    one.upstream.forceOpen("x");

    one.line.release();

    assertThat(call.join().isFallback()).isTrue();
    assertThat(one.calls).isEqualTo(calls);
    one.upstream.reset();
    assertThat(one.succeeds("b")).as("its trial was kept").isTrue();
    assertThat(one.of("b").state()).isEqualTo(CLOSED);
  }

  @Test
  void a_cancelled_call_frees_both_trials() {
    openUpstream();
    openBusiness();
    time.advance(RECOVERY);

    one.call("b", CompletableFuture::new).cancel(true);

    assertThat(sharedRow().state()).isEqualTo(HALF_OPEN);
    assertThat(sharedRow().trialRemaining()).isZero();
    assertThat(row("b").trialRemaining()).isZero();
    time.advance(REFRESH);
    assertThat(two.succeeds("b")).isTrue();
    assertThat(sharedRow().state()).isEqualTo(CLOSED);
    assertThat(row("b").state()).isEqualTo(CLOSED);
  }

  @Test
  void an_executor_that_takes_no_more_work_frees_both_trials() {
    Executor full =
        operation -> {
          throw new RejectedExecutionException();
        };
    try (FleetInstance refusing = new FleetInstance(time, store, b -> b.executor(full))) {
      openUpstream();
      openBusiness();
      time.advance(RECOVERY);
      refusing.line.fault(Operation.CLAIM, Fault.HOLD);
      CompletableFuture<ExecutionResult<String>> call =
          refusing.call("b", () -> CompletableFuture.completedFuture("ok"));
      refusing.line.fault(Operation.CLAIM, Fault.NONE);

      refusing.line.release();

      assertThat(call.join().isFallback()).isTrue();
      assertThat(sharedRow().trialRemaining()).isZero();
      assertThat(row("b").trialRemaining()).isZero();
    }
  }

  @Test
  void a_result_counts_in_the_circuit_in_which_it_is_not_late() {
    CompletableFuture<String> early = one.begin("b");
    openUpstream();

    early.complete("late for the upstream");

    assertThat(one.state()).isEqualTo(OPEN);
    assertThat(one.upstream.getMetrics().lateResults()).isEqualTo(1);
    assertThat(one.of("b").getMetrics().successfulExecutions()).isEqualTo(1);
    assertThat(one.of("b").getMetrics().lateResults()).isZero();
  }

  @Test
  void a_synchronous_call_is_both_trials_too() {
    openUpstream();
    openBusiness();
    time.advance(RECOVERY);

    assertThat(one.of("b").execute(() -> "back").isFallback()).isFalse();

    assertThat(one.state()).isEqualTo(CLOSED);
    assertThat(one.of("b").state()).isEqualTo(CLOSED);
  }

  @Test
  void a_long_stream_proves_the_upstream_and_still_counts_for_the_business() {
    openUpstream();
    time.advance(RECOVERY);
    ManualStream<String> stream = new ManualStream<>();
    Hearer hearer = Hearer.ofAll();
    one.of("b")
        .executeStream(
            () -> stream,
            StreamOptions.<String>builder(fallback -> fallback.type().name())
                .stall(Duration.ofSeconds(4))
                .build())
        .subscribe(hearer);
    for (int second = 0; second < 8; second++) {
      stream.send("word");
      time.advance(Duration.ofSeconds(1));
    }
    assertThat(one.state()).isEqualTo(CLOSED);
    assertThat(one.of("b").getMetrics().successfulExecutions()).isZero();

    time.advance(Duration.ofSeconds(4));

    assertThat(hearer.heard).endsWith("TIMEOUT");
    assertThat(one.of("b").getMetrics().timeouts()).isEqualTo(1);
    assertThat(one.upstream.getMetrics().timeouts()).isZero();
  }
}
