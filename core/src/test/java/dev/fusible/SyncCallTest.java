package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Synchronous calls: the caller is freed in time, whatever the operation does. */
class SyncCallTest {

  private final ManualTime time = new ManualTime();
  private final VoiceCircuitBreakers breakers =
      VoiceCircuitBreakers.builder().timeSource(time).build();
  private final VoiceCircuitBreaker breaker = breakers.forBusiness("b");
  private final CountDownLatch started = new CountDownLatch(1);
  private final CountDownLatch gate = new CountDownLatch(1);

  @AfterEach
  void leavesNothingBehind() {
    gate.countDown();
    await().until(() -> breakers.circuit("b").inFlight() == 0);
    assertThat(time.pendingTasks()).isZero();
    breakers.close();
  }

  private VoiceCircuitBreaker on(Executor executor) {
    return VoiceCircuitBreakers.builder()
        .timeSource(time)
        .executor(executor)
        .build()
        .forBusiness("b");
  }

  private static void open(VoiceCircuitBreaker breaker) {
    for (int i = 0; i < 10; i++) {
      breaker.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    }
  }

  /** Waits for the gate and hears no interrupt. */
  private String deaf() {
    started.countDown();
    boolean open = false;
    while (!open) {
      try {
        gate.await();
        open = true;
      } catch (InterruptedException ignoredOnPurpose) {
        // This is what such operations do.
      }
    }
    return "late";
  }

  private String obedient() throws InterruptedException {
    started.countDown();
    gate.await();
    return "never";
  }

  private CompletableFuture<ExecutionResult<String>> call(Callable<String> operation)
      throws InterruptedException {
    CompletableFuture<ExecutionResult<String>> result =
        CompletableFuture.supplyAsync(() -> breaker.execute(operation));
    started.await();
    return result;
  }

  private static ExecutionResult<String> get(CompletableFuture<ExecutionResult<String>> call)
      throws Exception {
    return call.get(20, TimeUnit.SECONDS);
  }

  private static FallbackType type(ExecutionResult<String> result) {
    return ((ExecutionResult.Fallback<String>) result).type();
  }

  @Test
  void an_operation_that_ignores_interruption_frees_its_caller_in_time() throws Exception {
    CompletableFuture<ExecutionResult<String>> call = call(this::deaf);
    time.advance(Duration.ofSeconds(8).minusNanos(1));
    assertThat(call).isNotDone();

    time.advance(Duration.ofNanos(1));

    assertThat(type(get(call))).isEqualTo(FallbackType.TIMEOUT);
    assertThat(breaker.getMetrics().timeouts()).isEqualTo(1);
    gate.countDown();
    await().until(() -> breaker.getMetrics().lateResults() == 1);
  }

  @Test
  void an_operation_that_timed_out_is_interrupted() throws Exception {
    AtomicBoolean interrupted = new AtomicBoolean();
    CompletableFuture<ExecutionResult<String>> call =
        call(
            () -> {
              try {
                return obedient();
              } catch (InterruptedException asked) {
                interrupted.set(true);
                throw asked;
              }
            });

    time.advance(Duration.ofSeconds(8));

    assertThat(get(call).isFallback()).isTrue();
    await().untilTrue(interrupted);
    assertThat(breaker.getMetrics().lateResults()).as("it only obeyed").isZero();
  }

  @Test
  void a_quick_operation_leaves_no_timer() {
    assertThat(breaker.execute(() -> "quick").isFallback()).isFalse();

    assertThat(time.pendingTasks()).isZero();
  }

  @Test
  void null_is_a_value() {
    assertThat(breaker.execute(() -> null))
        .isInstanceOfSatisfying(
            ExecutionResult.Success.class, success -> assertThat(success.value()).isNull());
  }

  @Test
  void the_elapsed_time_is_the_callers() throws Exception {
    CompletableFuture<ExecutionResult<String>> call = call(this::obedient);
    time.advance(Duration.ofSeconds(5));
    gate.countDown();

    assertThat(get(call).elapsed()).isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void an_interrupt_of_the_caller_cancels_the_call_and_is_kept() throws Exception {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    AtomicBoolean flag = new AtomicBoolean();
    Thread caller =
        new Thread(
            () -> {
              try {
                breaker.execute(this::obedient);
              } catch (Throwable out) {
                thrown.set(out);
                flag.set(Thread.currentThread().isInterrupted());
              }
            });
    caller.start();
    started.await();

    caller.interrupt();
    caller.join();

    assertThat(thrown.get()).isInstanceOf(CancellationException.class);
    assertThat(flag).isTrue();
    CircuitBreakerMetrics metrics = breaker.getMetrics();
    assertThat(metrics.failedExecutions() + metrics.successfulExecutions()).isZero();
    assertThat(breaker.snapshot().failureCount()).isZero();
  }

  @Test
  void an_interrupted_caller_of_a_trial_frees_the_trial() {
    open(breaker);
    time.advance(Duration.ofSeconds(30));
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> breaker.execute(this::obedient))
        .isInstanceOf(CancellationException.class);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.HALF_OPEN);
    assertThat(breaker.execute(() -> "next").isFallback()).isFalse();
  }

  @Test
  void an_error_comes_out_after_it_was_counted() {
    assertThatThrownBy(
            () ->
                breaker.execute(
                    () -> {
                      throw new StackOverflowError();
                    }))
        .isInstanceOf(StackOverflowError.class);

    assertThat(breaker.getMetrics().failedExecutions()).isEqualTo(1);
  }

  @Test
  void an_error_in_a_trial_opens_the_circuit_and_leaks_no_trial() {
    open(breaker);
    time.advance(Duration.ofSeconds(30));

    assertThatThrownBy(
            () ->
                breaker.execute(
                    () -> {
                      throw new LinkageError();
                    }))
        .isInstanceOf(LinkageError.class);

    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
    time.advance(Duration.ofSeconds(30));
    assertThat(breaker.execute(() -> "back").isFallback()).isFalse();
  }

  @Test
  void the_caller_of_a_trial_waits_three_seconds_and_the_trial_goes_on() throws Exception {
    open(breaker);
    time.advance(Duration.ofSeconds(30));
    CompletableFuture<ExecutionResult<String>> call = call(this::obedient);
    time.advance(Duration.ofSeconds(3));
    assertThat(type(get(call))).isEqualTo(FallbackType.TIMEOUT);
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.HALF_OPEN);

    gate.countDown();

    await().until(() -> breaker.state() == CircuitBreakerState.CLOSED);
    await().until(() -> time.pendingTasks() == 0);
    assertThat(breaker.getMetrics().fallbacksServed()).isEqualTo(11);
  }

  @Test
  void a_trial_whose_caller_has_left_is_timed_out_and_interrupted_in_its_time() throws Exception {
    open(breaker);
    time.advance(Duration.ofSeconds(30));
    CompletableFuture<ExecutionResult<String>> call = call(this::obedient);
    time.advance(Duration.ofSeconds(3));
    get(call);

    time.advance(Duration.ofSeconds(5));

    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
    assertThat(breaker.snapshot().retryAfter()).isEqualTo(Duration.ofSeconds(30));
    assertThat(breaker.getMetrics().timeouts()).isEqualTo(1);
  }

  @Test
  void an_executor_that_refuses_counts_as_neither() {
    VoiceCircuitBreaker full =
        on(
            task -> {
              throw new RejectedExecutionException();
            });

    ExecutionResult<String> result = full.execute(() -> "never");

    assertThat(type(result)).isEqualTo(FallbackType.SYSTEM_ERROR);
    assertThat(full.getMetrics().failedExecutions()).isZero();
    assertThat(time.pendingTasks()).isZero();
  }

  @Test
  void an_executor_without_a_thread_left_is_an_error_that_comes_out_counted() {
    VoiceCircuitBreaker exhausted =
        on(
            task -> {
              throw new OutOfMemoryError("unable to create native thread");
            });

    assertThatThrownBy(() -> exhausted.execute(() -> "never")).isInstanceOf(OutOfMemoryError.class);

    assertThat(exhausted.getMetrics().failedExecutions()).isEqualTo(1);
    assertThat(time.pendingTasks()).isZero();
  }

  @Test
  void an_executor_that_loses_the_operation_holds_up_nobody() throws Exception {
    VoiceCircuitBreaker losing = on(task -> started.countDown());
    CompletableFuture<ExecutionResult<String>> call =
        CompletableFuture.supplyAsync(() -> losing.execute(() -> "never"));
    started.await();

    time.advance(Duration.ofSeconds(8));

    assertThat(type(get(call))).isEqualTo(FallbackType.TIMEOUT);
  }

  @Test
  void on_an_executor_that_runs_on_the_callers_thread_an_interrupt_cancels_too() {
    VoiceCircuitBreaker inline = on(Runnable::run);
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> inline.execute(this::obedient))
        .isInstanceOf(CancellationException.class);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(inline.getMetrics().failedExecutions()).isZero();
  }

  @Test
  void on_an_executor_that_runs_on_the_callers_thread_the_limit_leaves_no_interrupt() {
    VoiceCircuitBreaker inline = on(Runnable::run);

    ExecutionResult<String> result =
        inline.execute(
            () -> {
              time.advance(Duration.ofSeconds(8));
              return "late";
            });

    assertThat(type(result)).isEqualTo(FallbackType.TIMEOUT);
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void without_a_limit_the_operation_runs_on_the_callers_thread() {
    VoiceCircuitBreaker unlimited = unlimited();
    Thread caller = Thread.currentThread();

    assertThat(unlimited.execute(Thread::currentThread))
        .isInstanceOfSatisfying(
            ExecutionResult.Success.class, success -> assertThat(success.value()).isSameAs(caller));
    assertThat(time.pendingTasks()).isZero();
  }

  private VoiceCircuitBreaker unlimited() {
    return VoiceCircuitBreakers.builder()
        .timeSource(time)
        .config(CircuitBreakerConfig.builder().timeout(Duration.ZERO).build())
        .build()
        .forBusiness("b");
  }

  @Test
  void without_a_limit_failures_errors_and_interrupts_are_as_with_one() {
    VoiceCircuitBreaker unlimited = unlimited();
    assertThat(
            type(
                unlimited.execute(
                    () -> {
                      throw new IllegalStateException();
                    })))
        .isEqualTo(FallbackType.SYSTEM_ERROR);
    assertThatThrownBy(
            () ->
                unlimited.execute(
                    () -> {
                      throw new AssertionError();
                    }))
        .isInstanceOf(AssertionError.class);
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> unlimited.execute(this::obedient))
        .isInstanceOf(CancellationException.class);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(unlimited.getMetrics().failedExecutions()).isEqualTo(2);
    assertThat(unlimited.getMetrics().totalExecutions()).isEqualTo(3);
  }
}
