package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What {@code getMetrics} says, and what a reset of it leaves. */
class MetricsTest {

  private final ManualTime time = new ManualTime();
  private final VoiceCircuitBreakers breakers =
      VoiceCircuitBreakers.builder().timeSource(time).executor(Runnable::run).build();
  private final VoiceCircuitBreaker breaker = breakers.forBusiness("b");

  private void fail(int times) {
    for (int i = 0; i < times; i++) {
      breaker.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    }
  }

  private void succeed(int times) {
    for (int i = 0; i < times; i++) {
      breaker.executeAsync(() -> CompletableFuture.completedFuture("ok"));
    }
  }

  @Test
  void nothing_has_happened_at_first() {
    assertThat(breaker.getMetrics())
        .isEqualTo(
            new CircuitBreakerMetrics(
                0, 0, 0, 0, 0, 0, 0, 0.0, 0.0, CircuitBreakerState.CLOSED, null));
  }

  @Test
  void everything_is_counted() {
    succeed(3);
    breaker.executeAsync(CompletableFuture::new);
    time.advance(Duration.ofSeconds(8));
    breaker.executeAsync(CompletableFuture::new);

    CircuitBreakerMetrics metrics = breaker.getMetrics();

    assertThat(metrics.totalExecutions()).as("started").isEqualTo(5);
    assertThat(metrics.successfulExecutions()).isEqualTo(3);
    assertThat(metrics.failedExecutions()).as("timeouts among them").isEqualTo(1);
    assertThat(metrics.timeouts()).isEqualTo(1);
    assertThat(metrics.fallbacksServed()).isEqualTo(1);
    assertThat(metrics.successRate()).as("of settled ones").isEqualTo(0.75);
    assertThat(metrics.failureRate()).isEqualTo(0.25);
  }

  @Test
  void a_rejected_call_starts_nothing() {
    fail(10);
    succeed(5);

    CircuitBreakerMetrics metrics = breaker.getMetrics();

    assertThat(metrics.totalExecutions()).isEqualTo(10);
    assertThat(metrics.fallbacksServed()).isEqualTo(15);
    assertThat(metrics.stateChanges()).isEqualTo(1);
    assertThat(metrics.currentState()).isEqualTo(CircuitBreakerState.OPEN);
    assertThat(metrics.lastStateChange()).isEqualTo(time.now());
  }

  @Test
  void a_reset_of_metrics_leaves_the_state_and_its_counts() {
    fail(10);
    succeed(2);
    time.advance(Duration.ofSeconds(1));

    breaker.resetMetrics();

    CircuitBreakerMetrics metrics = breaker.getMetrics();
    assertThat(metrics.totalExecutions()).isZero();
    assertThat(metrics.fallbacksServed()).isZero();
    assertThat(metrics.stateChanges()).isZero();
    assertThat(metrics.currentState()).isEqualTo(CircuitBreakerState.OPEN);
    assertThat(metrics.lastStateChange()).isEqualTo(time.now().minusSeconds(1));
    assertThat(breaker.snapshot().failureCount()).isEqualTo(10);
  }

  @Test
  void what_runs_during_a_reset_of_metrics_counts_as_started_after_it() {
    succeed(3);
    CompletableFuture<String> operation = new CompletableFuture<>();
    breaker.executeAsync(() -> operation);

    breaker.resetMetrics();

    assertThat(breaker.getMetrics().totalExecutions()).isEqualTo(1);
    assertThat(breaker.getMetrics().successfulExecutions()).isZero();
    assertThat(breakers.circuit("b").inFlight()).isEqualTo(1);
    operation.complete("ok");
    assertThat(breaker.getMetrics().totalExecutions()).isEqualTo(1);
    assertThat(breaker.getMetrics().successfulExecutions()).isEqualTo(1);
    assertThat(breakers.circuit("b").inFlight()).isZero();
  }

  @Test
  void readings_while_calls_run_and_metrics_are_reset_are_never_impossible() throws Exception {
    AtomicBoolean isOver = new AtomicBoolean();
    Thread caller =
        new Thread(
            () -> {
              while (!isOver.get()) {
                succeed(1);
              }
            });
    Thread resetter =
        new Thread(
            () -> {
              while (!isOver.get()) {
                breaker.resetMetrics();
              }
            });
    caller.start();
    resetter.start();
    try {
      for (int i = 0; i < 50_000; i++) {
        CircuitBreakerMetrics metrics = breaker.getMetrics();
        assertThat(metrics.successfulExecutions()).isBetween(0L, metrics.totalExecutions());
      }
    } finally {
      isOver.set(true);
      caller.join();
      resetter.join();
    }

    CircuitBreakerMetrics metrics = breaker.getMetrics();
    assertThat(metrics.totalExecutions())
        .as("nothing is under way")
        .isEqualTo(metrics.successfulExecutions());
  }

  @Test
  void a_reset_of_the_circuit_leaves_the_metrics() {
    fail(10);

    breaker.reset();

    assertThat(breaker.getMetrics().failedExecutions()).isEqualTo(10);
    assertThat(breaker.getMetrics().stateChanges()).isEqualTo(2);
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
    assertThat(breaker.snapshot().failureCount()).isZero();
    fail(9);
    assertThat(breaker.state())
        .as("the volume begins anew too")
        .isEqualTo(CircuitBreakerState.CLOSED);
  }

  @Test
  void nothing_done_for_one_business_is_counted_for_another() {
    fail(10);

    assertThat(breakers.forBusiness("other").getMetrics().totalExecutions()).isZero();
  }

  @Test
  void the_wall_clock_decides_nothing() {
    fail(10);
    time.setWallClock(time.now().minusSeconds(7_200));
    time.advance(Duration.ofSeconds(30));

    succeed(1);

    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
    fail(10);
    time.setWallClock(time.now().plusSeconds(7_200));
    succeed(1);
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
  }
}
