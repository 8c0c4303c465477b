package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class TripPolicyTest {

  private final ManualTime time = new ManualTime();

  private VoiceCircuitBreaker breaker(TripPolicy policy) {
    return VoiceCircuitBreakers.builder()
        .timeSource(time)
        .config(CircuitBreakerConfig.builder().volumeThreshold(10).tripPolicy(policy).build())
        .build()
        .forBusiness("b");
  }

  private static void succeed(VoiceCircuitBreaker breaker, int times) {
    for (int i = 0; i < times; i++) {
      breaker.executeAsync(() -> CompletableFuture.completedFuture("ok"));
    }
  }

  private static void fail(VoiceCircuitBreaker breaker, int times) {
    for (int i = 0; i < times; i++) {
      breaker.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    }
  }

  private void slow(VoiceCircuitBreaker breaker, Duration duration) {
    CompletableFuture<String> operation = new CompletableFuture<>();
    breaker.executeAsync(() -> operation);
    time.advance(duration);
    operation.complete("at last");
  }

  @Test
  void a_failure_rate_over_calls_opens_at_its_share() {
    VoiceCircuitBreaker breaker = breaker(TripPolicy.failureRate(0.5, 10));
    for (int i = 0; i < 4; i++) {
      fail(breaker, 1);
      succeed(breaker, 1);
    }
    succeed(breaker, 1);
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);

    fail(breaker, 1);

    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
  }

  @Test
  void old_failures_leave_the_window_of_calls() {
    VoiceCircuitBreaker breaker = breaker(TripPolicy.failureRate(0.5, 10));
    fail(breaker, 4);
    succeed(breaker, 10);
    fail(breaker, 4);
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);

    fail(breaker, 1);

    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
  }

  @Test
  void a_failure_rate_over_time_forgets_what_is_past() {
    VoiceCircuitBreaker breaker = breaker(TripPolicy.failureRate(0.5, Duration.ofSeconds(10)));
    fail(breaker, 4);
    succeed(breaker, 5);
    time.advance(Duration.ofSeconds(10));
    fail(breaker, 4);
    succeed(breaker, 5);
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);

    fail(breaker, 1);

    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
  }

  @Test
  void a_few_failures_after_a_quiet_hour_are_noise() {
    VoiceCircuitBreaker breaker = breaker(TripPolicy.failureRate(0.5, Duration.ofSeconds(10)));
    succeed(breaker, 20);
    time.advance(Duration.ofHours(1));

    fail(breaker, 9);

    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
  }

  @Test
  void successes_of_slow_calls_open_at_their_share() {
    VoiceCircuitBreaker breaker = breaker(TripPolicy.slowCalls(0.3, Duration.ofSeconds(2), 10));
    succeed(breaker, 7);
    slow(breaker, Duration.ofSeconds(3));
    slow(breaker, Duration.ofSeconds(2));
    slow(breaker, Duration.ofSeconds(3));
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);

    slow(breaker, Duration.ofSeconds(3));

    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
  }

  @Test
  void a_slow_trial_fails_where_slowness_counts() {
    VoiceCircuitBreaker breaker =
        breaker(TripPolicy.slowCalls(0.5, Duration.ofSeconds(2), Duration.ofMinutes(1)));
    fail(breaker, 10);
    time.advance(Duration.ofSeconds(30));

    slow(breaker, Duration.ofSeconds(3));
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);

    time.advance(Duration.ofSeconds(30));
    slow(breaker, Duration.ofSeconds(1));
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
  }

  @Test
  void a_window_of_time_slides_over_its_slices_in_order() {
    Rate rate = (Rate) TripPolicy.failureRate(0.5, Duration.ofNanos(1_000_000));
    Window window = Window.empty(rate, 0);
    for (long now = 0; now < 3_000_000; now += 100_000) {
      window = window.plus(true, now);
    }

    assertThat(window.total()).isEqualTo(10);
    assertThat(window.plus(false, 2_900_000).bad()).isEqualTo(10);
    assertThat(window.plus(false, 100_000_000).total()).isEqualTo(1);
    assertThat(window.plus(false, 0).total()).as("a reading from the past").isEqualTo(11);
  }

  @Test
  void a_window_of_calls_of_any_size_counts_exactly() {
    for (int size : new int[] {1, 63, 64, 65, 1_024}) {
      Window window = Window.empty((Rate) TripPolicy.failureRate(1, size), 0);
      for (int i = 0; i < 3 * size; i++) {
        window = window.plus(i % 3 == 0, 0);
      }
      int bad = 0;
      for (int i = 2 * size; i < 3 * size; i++) {
        bad += i % 3 == 0 ? 1 : 0;
      }
      assertThat(window.total()).isEqualTo(size);
      assertThat(window.bad()).as("size " + size).isEqualTo(bad);
    }
  }
}
