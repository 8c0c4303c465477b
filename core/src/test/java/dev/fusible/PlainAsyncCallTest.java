package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Asynchronous calls that nobody measures, with the limit of eight seconds. */
class PlainAsyncCallTest {

  private final ManualTime time = new ManualTime();
  private final VoiceCircuitBreakers breakers =
      VoiceCircuitBreakers.builder().timeSource(time).eventDelivery(Runnable::run).build();
  private final VoiceCircuitBreaker breaker = breakers.forBusiness("clinica-sonrisa");

  @AfterEach
  void close() {
    breakers.close();
    assertThat(time.pendingTasks()).isZero();
  }

  private static <T> ExecutionResult<T> now(CompletionStage<ExecutionResult<T>> stage) {
    CompletableFuture<ExecutionResult<T>> future = stage.toCompletableFuture();
    assertThat(future).isDone();
    return future.join();
  }

  private static FallbackType type(ExecutionResult<?> result) {
    return ((ExecutionResult.Fallback<?>) result).type();
  }

  @Test
  void an_answer_that_is_there_at_once_is_given_at_once_and_no_timer_is_left() {
    ExecutionResult<String> result =
        now(breaker.executeAsync(() -> CompletableFuture.completedFuture("answer")));

    assertThat(result).isEqualTo(new ExecutionResult.Success<>("answer", Duration.ZERO));
    assertThat(breaker.getMetrics().successfulExecutions()).isEqualTo(1);
    assertThat(time.pendingTasks()).isZero();
  }

  @Test
  void the_limit_runs_while_the_operation_has_not_returned() {
    ExecutionResult<String> result =
        now(
            breaker.executeAsync(
                () -> {
                  time.advance(Duration.ofSeconds(9));
                  return CompletableFuture.completedFuture("too late");
                }));

    assertThat(type(result)).isEqualTo(FallbackType.TIMEOUT);
    assertThat(breaker.getMetrics().timeouts()).isEqualTo(1);
    assertThat(breaker.getMetrics().lateResults()).isEqualTo(1);
  }

  @Test
  void an_operation_that_throws_after_the_limit_leaves_nobody_without_an_answer() {
    ExecutionResult<String> result =
        now(
            breaker.executeAsync(
                () -> {
                  time.advance(Duration.ofSeconds(9));
                  throw new IllegalStateException();
                }));

    assertThat(type(result)).isEqualTo(FallbackType.TIMEOUT);
    assertThat(breaker.getMetrics().timeouts()).isEqualTo(1);
    assertThat(breaker.getMetrics().failedExecutions()).isEqualTo(1);
  }

  @Test
  void an_operation_that_returns_a_future_after_the_limit_has_it_cancelled() {
    CompletableFuture<String> answer = new CompletableFuture<>();

    ExecutionResult<String> result =
        now(
            breaker.executeAsync(
                () -> {
                  time.advance(Duration.ofSeconds(9));
                  return answer;
                }));

    assertThat(type(result)).isEqualTo(FallbackType.TIMEOUT);
    assertThat(answer).isCancelled();
    assertThat(breaker.getMetrics().timeouts()).isEqualTo(1);
    assertThat(breaker.getMetrics().lateResults()).isZero();
  }

  @Test
  void a_future_that_comes_too_late_is_cancelled_at_its_limit() {
    CompletableFuture<String> answer = new CompletableFuture<>();
    CompletionStage<ExecutionResult<String>> stage = breaker.executeAsync(() -> answer);

    time.advance(Duration.ofSeconds(8));

    assertThat(type(now(stage))).isEqualTo(FallbackType.TIMEOUT);
    assertThat(answer).isCancelled();
    assertThat(breaker.getMetrics().timeouts()).isEqualTo(1);
  }

  @Test
  void a_future_that_answers_in_time_leaves_no_timer() {
    CompletableFuture<String> answer = new CompletableFuture<>();
    CompletionStage<ExecutionResult<String>> stage = breaker.executeAsync(() -> answer);
    time.advance(Duration.ofSeconds(7));

    answer.complete("answer");

    assertThat(now(stage))
        .isEqualTo(new ExecutionResult.Success<>("answer", Duration.ofSeconds(7)));
    assertThat(time.pendingTasks()).isZero();
  }

  @Test
  void a_failure_that_is_there_at_once_is_one() {
    ExecutionResult<String> failed =
        now(
            breaker.executeAsync(
                () ->
                    CompletableFuture.failedFuture(
                        new IllegalStateException("expected in this test"))));
    ExecutionResult<String> thrown =
        now(
            breaker.executeAsync(
                () -> {
                  throw new IllegalStateException("expected in this test");
                }));
    ExecutionResult<String> nothing = now(breaker.executeAsync(() -> null));

    assertThat(type(failed)).isEqualTo(FallbackType.SYSTEM_ERROR);
    assertThat(type(thrown)).isEqualTo(FallbackType.SYSTEM_ERROR);
    assertThat(type(nothing)).isEqualTo(FallbackType.SYSTEM_ERROR);
    assertThat(breaker.getMetrics().failedExecutions()).isEqualTo(3);
    assertThat(time.pendingTasks()).isZero();
  }

  @Test
  void an_error_comes_out_of_the_stage() {
    CompletableFuture<ExecutionResult<String>> stage =
        breaker
            .<String>executeAsync(
                () -> {
                  throw new AssertionError("expected in this test");
                })
            .toCompletableFuture();

    assertThatThrownBy(stage::join)
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(AssertionError.class);
    assertThat(breaker.getMetrics().failedExecutions()).isEqualTo(1);
  }

  @Test
  void cancelling_the_stage_cancels_the_operation_and_counts_as_neither() {
    CompletableFuture<String> answer = new CompletableFuture<>();
    CompletionStage<ExecutionResult<String>> stage = breaker.executeAsync(() -> answer);

    stage.toCompletableFuture().cancel(true);

    assertThat(answer).isCancelled();
    assertThat(breaker.getMetrics().failedExecutions()).isZero();
    assertThat(time.pendingTasks()).isZero();
  }

  @Test
  void an_open_circuit_answers_at_once_and_the_trial_comes_when_it_is_due() {
    for (int i = 0; i < 10; i++) {
      ExecutionResult<String> unused =
          now(
              breaker.executeAsync(
                  () -> {
                    throw new IllegalStateException("expected in this test");
                  }));
    }
    assertThat(type(now(breaker.executeAsync(() -> CompletableFuture.completedFuture("answer")))))
        .isEqualTo(FallbackType.CIRCUIT_OPEN);

    time.advance(Duration.ofSeconds(30));

    assertThat(
            now(breaker.executeAsync(() -> CompletableFuture.completedFuture("answer")))
                .isFallback())
        .isFalse();
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
  }

  @Test
  void a_generation_that_ended_during_the_call_makes_its_answer_late() {
    CompletableFuture<String> answer = new CompletableFuture<>();
    CompletionStage<ExecutionResult<String>> stage = breaker.executeAsync(() -> answer);
    breaker.forceOpen("in the middle");
    breaker.reset();

    answer.complete("answer");

    assertThat(now(stage).isFallback()).isFalse();
    assertThat(breaker.getMetrics().lateResults()).isEqualTo(1);
    assertThat(breaker.getMetrics().successfulExecutions()).isZero();
  }
}
