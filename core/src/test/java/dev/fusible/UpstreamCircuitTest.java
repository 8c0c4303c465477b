package dev.fusible;

import static dev.fusible.CircuitBreakerState.CLOSED;
import static dev.fusible.CircuitBreakerState.HALF_OPEN;
import static dev.fusible.CircuitBreakerState.OPEN;
import static dev.fusible.FleetInstance.LLM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When the circuit that all businesses share for an upstream opens, and what it then does. */
class UpstreamCircuitTest {

  private static final Duration RECOVERY = Duration.ofSeconds(30);

  private final ManualTime time = new ManualTime();
  private final FleetInstance run =
      new FleetInstance(time, CircuitBreakerStore.inMemory(time), FleetInstance::patientBusinesses);

  @AfterEach
  void close() {
    run.close();
  }

  private void open() {
    run.fail("a", 4);
    run.fail("b", 3);
    run.fail("c", 3);
    assertThat(run.state()).isEqualTo(OPEN);
  }

  // When it opens.

  @Test
  void opens_on_failures_of_three_businesses() {
    run.fail("a", 8);
    run.fail("b", 1);
    assertThat(run.state()).isEqualTo(CLOSED);

    run.fail("c", 1);

    assertThat(run.state()).isEqualTo(OPEN);
    assertThat(run.events.changes)
        .singleElement()
        .satisfies(
            change -> {
              assertThat(change.businessId()).isEqualTo("upstream:llm");
              assertThat(change.failureCount()).isEqualTo(10);
              assertThat(change.reason()).isEqualTo("failures");
            });
  }

  @Test
  void two_of_three_active_businesses_can_not_open_it_however_much_fails() {
    run.succeeds("c");
    run.fail("a", 100);
    run.fail("b", 100);

    assertThat(run.state()).isEqualTo(CLOSED);
    assertThat(run.upstream.snapshot().failureCount()).isEqualTo(200);
    run.fail("c", 1);
    assertThat(run.state()).isEqualTo(OPEN);
  }

  @Test
  void as_many_as_called_in_the_last_minute_are_enough() {
    run.succeeds("c");
    time.advance(Duration.ofSeconds(59));
    run.fail("a", 20);
    run.fail("b", 20);
    assertThat(run.state()).isEqualTo(CLOSED);

    time.advance(Duration.ofSeconds(1));
    run.fail("a", 1);

    assertThat(run.state()).isEqualTo(OPEN);
  }

  @Test
  void a_business_that_is_the_only_one_to_call_does_not_open_it_for_the_next() {
    run.fail("a", 100);

    assertThat(run.state()).isEqualTo(CLOSED);
    assertThat(run.succeeds("b")).isTrue();
  }

  @Test
  void a_call_under_way_makes_a_business_active() {
    run.begin("b");
    run.begin("c");

    run.fail("a", 20);

    assertThat(run.state()).isEqualTo(CLOSED);
  }

  @Test
  void a_success_of_any_business_begins_a_new_run_of_failures() {
    run.fail("a", 4);
    run.fail("b", 4);
    run.succeeds("c");
    run.fail("c", 20);
    assertThat(run.state()).isEqualTo(CLOSED);

    run.fail("a", 1);
    run.fail("b", 1);

    assertThat(run.state()).isEqualTo(OPEN);
  }

  @Test
  void how_many_it_takes_can_be_set() {
    try (FleetInstance strict =
        new FleetInstance(
            time,
            CircuitBreakerStore.inMemory(time),
            builder -> FleetInstance.patientBusinesses(builder).minBusinesses(5))) {
      for (String business : new String[] {"a", "b", "c", "d", "e"}) {
        strict.succeeds(business);
      }
      for (String business : new String[] {"a", "b", "c", "d"}) {
        strict.fail(business, 10);
      }
      assertThat(strict.state()).isEqualTo(CLOSED);

      strict.fail("e", 1);

      assertThat(strict.state()).isEqualTo(OPEN);
    }
  }

  @Test
  void one_business_is_enough_where_it_is_said_to_be() {
    try (FleetInstance trusting =
        new FleetInstance(
            time,
            CircuitBreakerStore.inMemory(time),
            builder -> FleetInstance.patientBusinesses(builder).minBusinesses(1))) {
      trusting.succeeds("b");
      trusting.succeeds("c");

      trusting.fail("a", 8);

      assertThat(trusting.state()).isEqualTo(OPEN);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 101})
  void nonsense_is_refused(int businesses) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> VoiceCircuitBreakers.builder().minBusinesses(businesses))
        .withMessageContaining("minBusinesses");
  }

  // What does not count.

  @Test
  void a_failure_that_is_the_businesss_own_never_counts() {
    try (FleetInstance choosy =
        new FleetInstance(
            time,
            CircuitBreakerStore.inMemory(time),
            builder ->
                FleetInstance.patientBusinesses(builder)
                    .upstreamFailure(error -> !(error instanceof SecurityException)))) {
      for (String business : new String[] {"a", "b", "c"}) {
        for (int i = 0; i < 10; i++) {
          choosy.fail(business, new SecurityException());
        }
      }

      assertThat(choosy.state()).isEqualTo(CLOSED);
      assertThat(choosy.upstream.snapshot().failureCount()).isZero();
      assertThat(choosy.of("a").snapshot().failureCount()).isEqualTo(10);
      assertThat(choosy.upstream.getMetrics().failedExecutions()).isZero();
    }
  }

  @Test
  void a_predicate_that_throws_lets_the_failure_count() {
    try (FleetInstance broken =
        new FleetInstance(
            time,
            CircuitBreakerStore.inMemory(time),
            builder ->
                builder.upstreamFailure(
                    error -> {
                      throw new IllegalArgumentException();
                    }))) {
      broken.fail("a", 2);

      assertThat(broken.upstream.snapshot().failureCount()).isEqualTo(2);
    }
  }

  @Test
  void an_ignored_attempt_counts_for_neither() {
    run.fail("a", new CancellationException());
    run.call("b", CompletableFuture::new).cancel(true);

    assertThat(run.upstream.snapshot().failureCount()).isZero();
    assertThat(run.upstream.getMetrics().totalExecutions()).isEqualTo(2);
    assertThat(run.upstream.getMetrics().successRate()).isZero();
  }

  @Test
  void a_time_limit_that_passed_counts() {
    run.begin("a");

    time.advance(Duration.ofSeconds(8));

    assertThat(run.upstream.getMetrics().timeouts()).isEqualTo(1);
    assertThat(run.upstream.snapshot().lastErrorCode()).isEqualTo("timeout");
  }

  @Test
  void calls_that_have_no_business_open_it_by_themselves() {
    run.succeeds("a");
    for (int i = 0; i < 9; i++) {
      run.upstream.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    }

    assertThat(run.state()).isEqualTo(OPEN);
    assertThat(run.events.failures)
        .hasSize(9)
        .allMatch(event -> event.businessId().equals("upstream:llm"));
  }

  @Test
  void without_an_upstream_nothing_of_it_is_touched() {
    VoiceCircuitBreaker alone = run.breakers.forBusiness("a");
    for (int i = 0; i < 20; i++) {
      alone.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    }

    assertThat(run.upstream.getMetrics().totalExecutions()).isZero();
  }

  // What it does when it is open.

  @Test
  void an_open_one_answers_at_once_and_leaves_the_businesss_circuit_alone() {
    open();
    CircuitBreakerMetrics before = run.of("a").getMetrics();
    int calls = run.calls;

    ExecutionResult<String> result =
        run.call("a", () -> CompletableFuture.completedFuture("ok")).join();

    assertThat(result)
        .isInstanceOfSatisfying(
            ExecutionResult.Fallback.class,
            fallback -> assertThat(fallback.type()).isEqualTo(FallbackType.CIRCUIT_OPEN));
    assertThat(run.calls).isEqualTo(calls);
    assertThat(run.of("a").snapshot().failureCount()).isEqualTo(4);
    assertThat(run.of("a").getMetrics().totalExecutions()).isEqualTo(before.totalExecutions());
    assertThat(run.of("a").getMetrics().fallbacksServed()).isEqualTo(before.fallbacksServed() + 1);
    assertThat(run.succeeds("newcomer")).isFalse();
    assertThat(run.breakers.forBusiness("a").state()).isEqualTo(CLOSED);
  }

  @Test
  void other_upstreams_and_calls_that_name_none_go_on() {
    open();

    assertThat(
            run.breakers
                .forBusiness("a", "other")
                .execute(() -> "ok")
                .valueOr(FallbackResponse::text))
        .isEqualTo("ok");
    assertThat(run.breakers.forBusiness("a").execute(() -> "ok").isFallback()).isFalse();
  }

  @Test
  void an_operator_opens_and_closes_it_for_all_businesses() {
    run.upstream.forceOpen("maintenance");
    assertThat(run.succeeds("a")).isFalse();

    run.upstream.reset();

    assertThat(run.succeeds("a")).isTrue();
  }

  // Its trial.

  @Test
  void one_businesss_trial_closes_it_for_everybody() {
    open();
    time.advance(RECOVERY);
    CompletableFuture<String> trial = run.begin("a");
    assertThat(run.state()).isEqualTo(HALF_OPEN);
    assertThat(run.succeeds("b")).isFalse();

    trial.complete("back");

    assertThat(run.state()).isEqualTo(CLOSED);
    assertThat(run.succeeds("b")).isTrue();
  }

  @Test
  void a_trial_that_fails_opens_it_for_a_full_wait() {
    open();
    time.advance(RECOVERY);
    run.fail("a", 1);
    assertThat(run.state()).isEqualTo(OPEN);

    time.advance(RECOVERY.minusNanos(1));
    assertThat(run.succeeds("b")).isFalse();
    time.advance(Duration.ofNanos(1));
    assertThat(run.succeeds("b")).isTrue();
  }

  @Test
  void a_trial_whose_failure_is_the_businesss_own_frees_it_for_the_next() {
    try (FleetInstance choosy =
        new FleetInstance(
            time,
            CircuitBreakerStore.inMemory(time),
            builder -> builder.upstreamFailure(error -> !(error instanceof SecurityException)))) {
      choosy.upstream.forceOpen("x");
      choosy.upstream.reset();
      for (String business : new String[] {"a", "b", "c", "a", "b", "c", "a", "b", "c", "a"}) {
        choosy.fail(business, 1);
      }
      assertThat(choosy.state()).isEqualTo(OPEN);
      time.advance(RECOVERY);

      choosy.fail("a", new SecurityException());

      assertThat(choosy.state()).isEqualTo(HALF_OPEN);
      assertThat(choosy.succeeds("b")).isTrue();
      assertThat(choosy.state()).isEqualTo(CLOSED);
    }
  }

  @Test
  void the_caller_of_its_trial_is_answered_after_three_seconds_and_the_trial_goes_on() {
    open();
    time.advance(RECOVERY);
    CompletableFuture<String> trial = new CompletableFuture<>();
    CompletableFuture<ExecutionResult<String>> call = run.call("d", () -> trial);
    time.advance(Duration.ofSeconds(3));
    assertThat(call).isDone();

    trial.complete("at last");

    assertThat(run.state()).isEqualTo(CLOSED);
  }

  @Test
  void every_settled_call_is_told_once() {
    run.succeeds("a");
    run.fail("b", 1);

    assertThat(run.events.all).containsExactly("success", "failure", "fallback");
    assertThat(run.events.successes.get(0).businessId()).isEqualTo("a");
    assertThat(run.upstream.getMetrics().successfulExecutions()).isEqualTo(1);
    assertThat(run.upstream.getMetrics().failedExecutions()).isEqualTo(1);
  }

  @Test
  void it_is_evicted_only_when_nobody_has_called_for_a_minute() {
    run.succeeds("a");
    Circuit circuit = run.breakers.circuit("upstream/" + LLM);
    assertThat(circuit.evict()).isFalse();

    time.advance(Duration.ofMinutes(1));

    assertThat(circuit.evict()).isTrue();
    VoiceCircuitBreaker kept = run.of("a");
    assertThat(kept.execute(() -> "ok").isFallback()).isFalse();
    assertThat(run.upstream.getMetrics().totalExecutions()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a/b", "a b", "é"})
  void a_name_of_another_alphabet_is_refused(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> run.breakers.forUpstream(name))
        .withMessageContaining("upstream");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> run.breakers.forBusiness("a", name))
        .withMessageContaining("upstream");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> run.breakers.forBusiness(name, "llm"))
        .withMessageContaining("businessId");
  }
}
