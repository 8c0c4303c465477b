package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Asynchronous calls. */
class AsyncCallTest {

  private final ManualTime time = new ManualTime();
  private final VoiceCircuitBreakers breakers =
      VoiceCircuitBreakers.builder().timeSource(time).executor(Runnable::run).build();
  private final VoiceCircuitBreaker breaker = breakers.forBusiness("b");
  private final CompletableFuture<String> operation = new CompletableFuture<>();

  @AfterEach
  void leavesNothingBehind() {
    assertThat(breakers.circuit("b").inFlight()).isZero();
    assertThat(time.pendingTasks()).isZero();
    breakers.close();
  }

  private CompletableFuture<ExecutionResult<String>> call() {
    return breaker.executeAsync(() -> operation).toCompletableFuture();
  }

  private void becomeReadyForATrial() {
    for (int i = 0; i < 10; i++) {
      breaker.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    }
    time.advance(Duration.ofSeconds(30));
  }

  private static ExecutionResult.Fallback<String> fallback(
      CompletableFuture<ExecutionResult<String>> call) {
    return (ExecutionResult.Fallback<String>) call.join();
  }

  @Test
  void the_supplier_runs_on_the_callers_thread() {
    AtomicReference<Thread> ran = new AtomicReference<>();

    breaker.executeAsync(
        () -> {
          ran.set(Thread.currentThread());
          return CompletableFuture.completedFuture("x");
        });

    assertThat(ran).hasValue(Thread.currentThread());
  }

  @Test
  void a_stages_own_exception_is_the_cause_without_its_wrapping() {
    IllegalStateException mine = new IllegalStateException();
    CompletableFuture<ExecutionResult<String>> call =
        breaker
            .executeAsync(
                () ->
                    CompletableFuture.<String>supplyAsync(
                        () -> {
                          throw mine;
                        },
                        Runnable::run))
            .toCompletableFuture();

    assertThat(fallback(call).cause()).isSameAs(mine);
    assertThat(fallback(call).type()).isEqualTo(FallbackType.SYSTEM_ERROR);
  }

  @Test
  void a_supplier_that_throws_is_a_failure() {
    CompletableFuture<ExecutionResult<String>> call =
        breaker
            .<String>executeAsync(
                () -> {
                  throw new IllegalStateException();
                })
            .toCompletableFuture();

    assertThat(fallback(call).type()).isEqualTo(FallbackType.SYSTEM_ERROR);
    assertThat(breaker.getMetrics().failedExecutions()).isEqualTo(1);
  }

  @Test
  void a_supplier_without_a_stage_is_a_failure() {
    CompletableFuture<ExecutionResult<String>> call =
        breaker.<String>executeAsync(() -> null).toCompletableFuture();

    assertThat(fallback(call).cause()).isInstanceOf(NullPointerException.class);
  }

  @Test
  void an_error_comes_out_after_it_was_counted() {
    CompletableFuture<ExecutionResult<String>> call = call();

    operation.completeExceptionally(new StackOverflowError());

    assertThatThrownBy(call::join)
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(StackOverflowError.class);
    assertThat(breaker.getMetrics().failedExecutions()).isEqualTo(1);
  }

  @Test
  void a_limit_that_passes_cancels_the_operation_after_the_caller_was_answered() {
    CompletableFuture<ExecutionResult<String>> call = call();
    AtomicReference<Boolean> answeredFirst = new AtomicReference<>();
    operation.whenComplete((value, error) -> answeredFirst.set(call.isDone()));

    time.advance(Duration.ofSeconds(8));

    assertThat(operation).isCancelled();
    assertThat(answeredFirst).hasValue(true);
    assertThat(fallback(call).type()).isEqualTo(FallbackType.TIMEOUT);
  }

  @Test
  void an_operation_whose_cancellation_throws_holds_up_nobody() {
    CompletableFuture<String> broken =
        new CompletableFuture<>() {
          @Override
          public boolean cancel(boolean mayInterruptIfRunning) {
            throw new IllegalStateException();
          }
        };
    CompletableFuture<ExecutionResult<String>> call =
        breaker.executeAsync(() -> broken).toCompletableFuture();

    time.advance(Duration.ofSeconds(8));

    assertThat(fallback(call).type()).isEqualTo(FallbackType.TIMEOUT);
  }

  @Test
  void cancelling_the_call_cancels_the_operation_and_counts_as_neither() {
    CompletableFuture<ExecutionResult<String>> call = call();

    assertThat(call.cancel(true)).isTrue();

    assertThat(operation).isCancelled();
    assertThat(call.cancel(true)).as("still").isTrue();
    assertThatThrownBy(call::join).isInstanceOf(CancellationException.class);
    CircuitBreakerMetrics metrics = breaker.getMetrics();
    assertThat(metrics.totalExecutions()).isEqualTo(1);
    assertThat(metrics.failedExecutions() + metrics.successfulExecutions()).isZero();
    assertThat(metrics.failureRate()).isZero();
    assertThat(metrics.fallbacksServed()).isZero();
  }

  @Test
  void a_call_that_has_ended_can_not_be_cancelled() {
    CompletableFuture<ExecutionResult<String>> call = call();
    operation.complete("done");

    assertThat(call.cancel(true)).isFalse();

    assertThat(breaker.getMetrics().successfulExecutions()).isEqualTo(1);
  }

  @Test
  void a_cancelled_trial_is_free_for_the_next_call_without_an_event() {
    becomeReadyForATrial();
    Heard heard = new Heard();
    breaker.addListener(heard);

    call().cancel(true);

    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.HALF_OPEN);
    assertThat(
            breaker
                .executeAsync(() -> CompletableFuture.completedFuture("x"))
                .toCompletableFuture()
                .join()
                .isFallback())
        .isFalse();
    assertThat(breaker.getMetrics().stateChanges()).isEqualTo(3);
  }

  @Test
  void a_cancellation_in_the_midst_of_the_start_leaves_no_timer() {
    AtomicReference<AsyncCall<String>> starting = new AtomicReference<>();
    TimeSource cancelling =
        new TimeSource() {
          @Override
          public long nanoTime() {
            return time.nanoTime();
          }

          @Override
          public Instant now() {
            return time.now();
          }

          @Override
          public Cancellable schedule(Runnable task, Duration delay) {
            Cancellable armed = time.schedule(task, delay);
            starting.get().cancel(true);
            return armed;
          }
        };
    VoiceCircuitBreakers own =
        VoiceCircuitBreakers.builder().timeSource(cancelling).executor(Runnable::run).build();
    starting.set(new AsyncCall<>(own.circuit("b"), null, () -> operation, 0));

    starting.get().start();

    assertThat(starting.get()).isCancelled();
    assertThat(operation).isCancelled();
    assertThat(time.pendingTasks()).isZero();
  }

  @Test
  void the_caller_of_a_trial_waits_three_seconds_and_the_trial_goes_on() {
    becomeReadyForATrial();
    CompletableFuture<ExecutionResult<String>> call = call();

    time.advance(Duration.ofSeconds(3));

    assertThat(fallback(call).type()).isEqualTo(FallbackType.TIMEOUT);
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.HALF_OPEN);
    assertThat(operation).isNotDone();
    operation.complete("back");
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
    assertThat(breaker.getMetrics().fallbacksServed()).isEqualTo(11);
  }

  @Test
  void a_trial_whose_caller_has_left_fails_and_is_told_to_nobody() {
    becomeReadyForATrial();
    call();
    time.advance(Duration.ofSeconds(3));

    operation.completeExceptionally(new IllegalStateException());

    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
    assertThat(breaker.getMetrics().fallbacksServed()).isEqualTo(11);
  }

  @Test
  void patience_longer_than_the_limit_is_the_limit() {
    VoiceCircuitBreaker patient =
        VoiceCircuitBreakers.builder()
            .timeSource(time)
            .config(
                CircuitBreakerConfig.builder()
                    .volumeThreshold(1)
                    .failureThreshold(1)
                    .timeout(Duration.ofSeconds(2))
                    .build())
            .build()
            .forBusiness("b");
    patient.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    time.advance(Duration.ofSeconds(30));
    patient.executeAsync(() -> operation);

    time.advance(Duration.ofSeconds(2));

    assertThat(patient.state()).isEqualTo(CircuitBreakerState.OPEN);
    assertThat(patient.getMetrics().fallbacksServed()).isEqualTo(2);
  }

  @Test
  void without_a_limit_the_caller_of_a_trial_waits_for_its_end() {
    VoiceCircuitBreaker unlimited =
        VoiceCircuitBreakers.builder()
            .timeSource(time)
            .config(
                CircuitBreakerConfig.builder()
                    .volumeThreshold(1)
                    .failureThreshold(1)
                    .timeout(Duration.ZERO)
                    .build())
            .build()
            .forBusiness("b");
    unlimited.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    time.advance(Duration.ofSeconds(30));
    CompletableFuture<ExecutionResult<String>> call =
        unlimited.executeAsync(() -> operation).toCompletableFuture();

    time.advance(Duration.ofSeconds(59));

    assertThat(call).isNotDone();
    operation.complete("back");
    assertThat(call.join().isFallback()).isFalse();
    assertThat(unlimited.state()).isEqualTo(CircuitBreakerState.CLOSED);
  }

  @Test
  void a_stage_that_gives_no_future_is_guarded_all_the_same() {
    CompletionStage<String> stage = operation.minimalCompletionStage();
    CompletableFuture<ExecutionResult<String>> call =
        breaker.executeAsync(() -> stage).toCompletableFuture();

    time.advance(Duration.ofSeconds(8));

    assertThat(fallback(call).type()).isEqualTo(FallbackType.TIMEOUT);
  }

  @Test
  void a_caller_that_completes_its_own_stage_changes_nothing_of_the_attempt() {
    CompletableFuture<ExecutionResult<String>> call = call();
    call.completeExceptionally(new IllegalStateException("mine"));

    operation.completeExceptionally(new IllegalStateException());

    assertThatThrownBy(call::join).hasMessageContaining("mine");
    assertThat(breaker.getMetrics().failedExecutions()).isEqualTo(1);
    assertThat(breaker.getMetrics().fallbacksServed()).isZero();
  }
}
