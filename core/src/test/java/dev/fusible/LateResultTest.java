package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** A result that has lost its say changes nothing but the count of late results. */
class LateResultTest {

  private final ManualTime time = new ManualTime();
  private final VoiceCircuitBreakers breakers =
      VoiceCircuitBreakers.builder().timeSource(time).executor(Runnable::run).build();
  private final VoiceCircuitBreaker breaker = breakers.forBusiness("b");

  /** An operation that does not hear a cancellation. */
  private CompletableFuture<String> deaf() {
    CompletableFuture<String> operation = new CompletableFuture<>();
    CompletionStage<String> stage = operation.minimalCompletionStage();
    breaker.executeAsync(() -> stage);
    return operation;
  }

  private void fail(int times) {
    for (int i = 0; i < times; i++) {
      breaker.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    }
  }

  private void assertLate(int times) {
    assertThat(breaker.getMetrics().lateResults()).isEqualTo(times);
    assertThat(breakers.lateResults()).isEqualTo(times);
    assertThat(breakers.circuit("b").inFlight()).isZero();
  }

  @Test
  void an_answer_after_its_timeout_is_late() {
    CompletableFuture<String> operation = deaf();
    time.advance(Duration.ofSeconds(8));

    operation.complete("at last");

    assertLate(1);
    assertThat(breaker.getMetrics().failedExecutions()).isEqualTo(1);
    assertThat(breaker.getMetrics().successfulExecutions()).isZero();
    assertThat(breaker.snapshot().failureCount()).isEqualTo(1);
  }

  @Test
  void a_failure_after_its_timeout_is_late_and_counts_no_second_time() {
    CompletableFuture<String> operation = deaf();
    time.advance(Duration.ofSeconds(8));

    operation.completeExceptionally(new IllegalStateException());

    assertLate(1);
    assertThat(breaker.snapshot().failureCount()).isEqualTo(1);
  }

  @Test
  void a_success_from_before_the_circuit_opened_does_not_close_it() {
    CompletableFuture<String> early = deaf();
    fail(10);
    time.advance(Duration.ofSeconds(5));

    early.complete("late");

    assertLate(1);
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
  }

  @Test
  void a_success_from_the_closed_era_does_not_close_a_half_open_circuit() {
    VoiceCircuitBreaker quick =
        VoiceCircuitBreakers.builder()
            .timeSource(time)
            .config(CircuitBreakerConfig.builder().recoveryTimeout(Duration.ofSeconds(1)).build())
            .build()
            .forBusiness("b");
    CompletableFuture<String> early = new CompletableFuture<>();
    quick.executeAsync(() -> early);
    for (int i = 0; i < 10; i++) {
      quick.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    }
    time.advance(Duration.ofSeconds(1));
    CompletableFuture<String> trial = new CompletableFuture<>();
    quick.executeAsync(() -> trial);

    early.complete("late");
    assertThat(quick.state()).isEqualTo(CircuitBreakerState.HALF_OPEN);
    trial.completeExceptionally(new IllegalStateException());

    assertThat(quick.state()).isEqualTo(CircuitBreakerState.OPEN);
    assertThat(quick.getMetrics().lateResults()).isEqualTo(1);
  }

  @Test
  void a_late_failure_does_not_lengthen_the_wait() {
    CompletableFuture<String> early = deaf();
    fail(10);
    time.advance(Duration.ofSeconds(5));

    early.completeExceptionally(new IllegalStateException());

    assertThat(breaker.snapshot().retryAfter()).isEqualTo(Duration.ofSeconds(25));
    assertThat(breaker.snapshot().failureCount()).isEqualTo(10);
  }

  @Test
  void one_operation_is_late_once_however_often_it_comes_too_late() {
    CompletableFuture<String> early = deaf();
    fail(10);
    // Its timeout has lost its say, and then so has its answer.
    time.advance(Duration.ofSeconds(8));

    early.complete("at last");

    assertLate(1);
  }

  @Test
  void an_operation_that_obeys_its_cancellation_is_not_late() {
    CompletableFuture<String> operation = new CompletableFuture<>();
    breaker.executeAsync(() -> operation);

    time.advance(Duration.ofSeconds(8));

    assertThat(operation).isCancelled();
    assertLate(0);
  }

  @Test
  void a_result_from_before_a_reset_has_no_say() {
    CompletableFuture<String> early = deaf();

    breaker.reset();
    early.completeExceptionally(new IllegalStateException());

    assertThat(breaker.snapshot().failureCount()).isZero();
    assertLate(1);
  }

  @Test
  void a_cancelled_call_of_an_older_generation_is_not_late() {
    CompletableFuture<ExecutionResult<String>> call =
        breaker.executeAsync(() -> new CompletableFuture<String>()).toCompletableFuture();
    fail(10);

    call.cancel(true);

    assertLate(0);
  }
}
