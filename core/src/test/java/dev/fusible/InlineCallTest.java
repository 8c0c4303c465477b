package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Calls with a limit whose operations run on their callers' threads, in the machine's time: the
 * limits are short, and nothing depends on how short.
 */
class InlineCallTest {

  private final CountDownLatch never = new CountDownLatch(1);
  private volatile Executor executor = Runnable::run;
  private final VoiceCircuitBreakers hurried = breakers(Duration.ofMillis(20));
  private final VoiceCircuitBreakers patient = breakers(Duration.ofHours(1));

  private VoiceCircuitBreakers breakers(Duration limit) {
    return VoiceCircuitBreakers.builder()
        .executor(task -> executor.execute(task))
        .config(CircuitBreakerConfig.builder().timeout(limit).build())
        .build();
  }

  private static VoiceCircuitBreaker of(VoiceCircuitBreakers breakers) {
    breakers.circuit("b").runsOnCallers(true);
    return breakers.forBusiness("b");
  }

  private static String call(VoiceCircuitBreaker breaker, Callable<String> operation) {
    return breaker.execute(operation, response -> response.type().toString());
  }

  private String obedient() throws InterruptedException {
    never.await();
    return "never";
  }

  /** Goes on until it is interrupted, and keeps that to itself. */
  private String deaf() {
    try {
      return obedient();
    } catch (InterruptedException ignoredOnPurpose) {
      return "late";
    }
  }

  @AfterEach
  void leavesNothingBehind() {
    assertThat(Thread.interrupted()).isFalse();
    await().until(() -> hurried.circuit("b").inFlight() == 0);
    await().until(() -> patient.circuit("b").inFlight() == 0);
    hurried.close();
    patient.close();
  }

  @Test
  void the_first_call_finds_out_where_operations_run() {
    VoiceCircuitBreaker breaker = patient.forBusiness("b");
    assertThat(patient.circuit("b").runsOnCallers()).isFalse();

    assertThat(call(breaker, () -> "first")).isEqualTo("first");

    assertThat(patient.circuit("b").runsOnCallers()).isTrue();
  }

  @Test
  void an_operation_runs_on_its_callers_thread_and_counts() {
    VoiceCircuitBreaker breaker = of(patient);
    Thread[] ran = new Thread[1];

    String answer =
        call(
            breaker,
            () -> {
              ran[0] = Thread.currentThread();
              return "answer";
            });

    assertThat(answer).isEqualTo("answer");
    assertThat(ran[0]).isSameAs(Thread.currentThread());
    assertThat(breaker.getMetrics().successfulExecutions()).isEqualTo(1);
  }

  @Test
  void null_is_a_value() {
    VoiceCircuitBreaker breaker = of(patient);
    assertThat((String) breaker.execute(() -> null, response -> "fallback")).isNull();
  }

  @Test
  void the_limit_interrupts_the_operation_and_counts_as_a_timeout() {
    VoiceCircuitBreaker breaker = of(hurried);
    assertThat(call(breaker, this::obedient)).isEqualTo("TIMEOUT");

    CircuitBreakerMetrics metrics = breaker.getMetrics();
    assertThat(metrics.timeouts()).isEqualTo(1);
    assertThat(metrics.failedExecutions()).isEqualTo(1);
    assertThat(metrics.lateResults()).as("it only obeyed").isZero();
  }

  @Test
  void a_result_after_the_limit_is_late() {
    VoiceCircuitBreaker breaker = of(hurried);
    assertThat(call(breaker, this::deaf)).isEqualTo("TIMEOUT");

    assertThat(breaker.getMetrics().lateResults()).isEqualTo(1);
    assertThat(breaker.getMetrics().successfulExecutions()).isZero();
  }

  @Test
  void limits_open_the_circuit() {
    VoiceCircuitBreaker breaker = of(hurried);
    for (int i = 0; i < 10; i++) {
      call(breaker, this::obedient);
    }

    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
    assertThat(call(breaker, () -> "never")).isEqualTo("CIRCUIT_OPEN");
  }

  @Test
  void a_failure_counts_and_the_caller_hears_a_sentence() {
    VoiceCircuitBreaker breaker = of(patient);
    String answer =
        call(
            breaker,
            () -> {
              throw new IllegalStateException();
            });

    assertThat(answer).isEqualTo("SYSTEM_ERROR");
    assertThat(breaker.snapshot().lastErrorCode()).isEqualTo("IllegalStateException");
  }

  @Test
  void an_interrupt_of_the_caller_cancels_and_is_kept() {
    VoiceCircuitBreaker breaker = of(patient);
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> call(breaker, this::obedient))
        .isInstanceOf(CancellationException.class);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(breaker.getMetrics().failedExecutions()).isZero();
  }

  @Test
  void the_limit_of_a_call_holds_for_the_calls_inside_it() {
    VoiceCircuitBreaker outer = of(hurried);
    VoiceCircuitBreaker inner = of(patient);

    assertThat(call(outer, () -> call(inner, this::obedient))).isEqualTo("TIMEOUT");

    assertThat(outer.getMetrics().timeouts()).isEqualTo(1);
    assertThat(inner.getMetrics().failedExecutions()).as("it was cancelled").isZero();
  }

  @Test
  void a_shorter_limit_inside_a_longer_one_passes_first() {
    VoiceCircuitBreaker outer = of(patient);
    VoiceCircuitBreaker inner = of(hurried);

    assertThat(call(outer, () -> call(inner, this::obedient))).isEqualTo("TIMEOUT");

    assertThat(inner.getMetrics().timeouts()).isEqualTo(1);
    assertThat(outer.getMetrics().successfulExecutions()).isEqualTo(1);
  }

  @Test
  void limits_that_pass_together_interrupt_both_operations() {
    VoiceCircuitBreaker breaker = of(hurried);
    boolean[] heard = new boolean[1];

    String answer =
        call(
            breaker,
            () -> {
              String first =
                  call(
                      breaker,
                      () -> {
                        while (breaker.getMetrics().timeouts() < 2) {
                          LockSupport.parkNanos(1_000_000);
                        }
                        return "late";
                      });
              for (int i = 0; i < 10_000 && !heard[0]; i++) {
                LockSupport.parkNanos(1_000_000);
                heard[0] = Thread.currentThread().isInterrupted();
              }
              return first;
            });

    assertThat(answer).isEqualTo("TIMEOUT");
    assertThat(heard[0]).isTrue();
  }

  @Test
  void an_executor_that_takes_to_another_thread_after_all_is_waited_for() {
    VoiceCircuitBreaker breaker = of(patient);
    Thread[] ran = new Thread[1];
    executor = task -> new Thread(task).start();

    String answer =
        call(
            breaker,
            () -> {
              ran[0] = Thread.currentThread();
              return "answer";
            });

    assertThat(answer).isEqualTo("answer");
    assertThat(ran[0]).isNotSameAs(Thread.currentThread());
    assertThat(patient.circuit("b").runsOnCallers()).isFalse();
    assertThat(breaker.getMetrics().successfulExecutions()).isEqualTo(1);
  }

  @Test
  void an_operation_that_hangs_on_another_thread_after_all_frees_its_caller() throws Exception {
    VoiceCircuitBreaker breaker = of(hurried);
    CountDownLatch interrupted = new CountDownLatch(1);
    executor = task -> new Thread(task).start();

    String answer =
        call(
            breaker,
            () -> {
              try {
                return obedient();
              } finally {
                interrupted.countDown();
              }
            });

    assertThat(answer).isEqualTo("TIMEOUT");
    interrupted.await();
  }

  @Test
  void the_time_that_it_takes_to_find_another_thread_is_part_of_the_limit() {
    Duration limit = Duration.ofMillis(600);
    try (VoiceCircuitBreakers breakers = breakers(limit)) {
      VoiceCircuitBreaker breaker = of(breakers);
      long begun = System.nanoTime();
      executor =
          task -> {
            while (System.nanoTime() - begun < limit.toNanos() * 5 / 6) {
              LockSupport.parkNanos(1_000_000);
            }
            new Thread(task).start();
          };

      assertThat(call(breaker, this::obedient)).isEqualTo("TIMEOUT");

      assertThat(System.nanoTime() - begun).isLessThan(limit.toNanos() * 3 / 2);
    }
  }

  @Test
  void an_executor_that_loses_the_operation_holds_up_nobody() {
    VoiceCircuitBreaker breaker = of(hurried);
    executor = task -> {};

    assertThat(call(breaker, () -> "never")).isEqualTo("TIMEOUT");
  }

  @Test
  void an_operation_whose_time_is_over_before_it_begins_does_not_begin() {
    VoiceCircuitBreaker breaker = of(hurried);
    Runnable[] kept = new Runnable[1];
    executor =
        task -> {
          kept[0] = task;
          await().until(() -> breaker.getMetrics().timeouts() == 1);
        };

    assertThat(call(breaker, () -> "never")).isEqualTo("TIMEOUT");
    kept[0].run();

    assertThat(breaker.getMetrics().totalExecutions()).isEqualTo(1);
    assertThat(breaker.getMetrics().lateResults()).isZero();
  }

  @Test
  void an_executor_that_refuses_counts_as_neither_and_an_error_comes_out_counted() {
    VoiceCircuitBreaker breaker = of(patient);
    executor =
        task -> {
          throw new RejectedExecutionException();
        };
    assertThat(call(breaker, () -> "never")).isEqualTo("SYSTEM_ERROR");
    assertThat(breaker.getMetrics().failedExecutions()).isZero();

    executor =
        task -> {
          throw new OutOfMemoryError("unable to create native thread");
        };
    assertThatThrownBy(() -> call(breaker, () -> "never")).isInstanceOf(OutOfMemoryError.class);
    assertThat(breaker.getMetrics().failedExecutions()).isEqualTo(1);
  }

  @Test
  void short_limits_that_pass_inside_a_long_one_leave_no_timers_behind() {
    VoiceCircuitBreaker outer = of(patient);
    VoiceCircuitBreaker inner = of(hurried);
    int before = SystemTimeSource.INSTANCE.armed();

    String answer =
        call(
            outer,
            () -> {
              for (int i = 0; i < 9; i++) {
                call(inner, this::obedient);
              }
              await().until(() -> SystemTimeSource.INSTANCE.armed() <= before + 2);
              return "all";
            });

    assertThat(answer).isEqualTo("all");
  }

  @Test
  void calls_that_end_in_time_leave_one_timer_for_their_thread() {
    VoiceCircuitBreaker breaker = of(patient);
    int before = SystemTimeSource.INSTANCE.armed();

    for (int i = 0; i < 1_000; i++) {
      call(breaker, () -> "quick");
    }

    assertThat(SystemTimeSource.INSTANCE.armed()).isLessThanOrEqualTo(before + 1);
  }
}
