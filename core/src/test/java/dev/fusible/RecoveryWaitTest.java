package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class RecoveryWaitTest {

  private final ManualTime time = new ManualTime();

  private VoiceCircuitBreaker opened(CircuitBreakerConfig config) {
    VoiceCircuitBreaker breaker =
        VoiceCircuitBreakers.builder().timeSource(time).config(config).build().forBusiness("b");
    for (int i = 0; i < 10; i++) {
      fail(breaker);
    }
    return breaker;
  }

  private static void fail(VoiceCircuitBreaker breaker) {
    breaker.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
  }

  private List<Duration> waits(VoiceCircuitBreaker breaker, int trials) {
    List<Duration> waits = new ArrayList<>();
    for (int i = 0; i < trials; i++) {
      Duration wait = breaker.snapshot().retryAfter();
      waits.add(wait);
      time.advance(wait);
      fail(breaker);
    }
    return waits;
  }

  @Test
  void without_a_factor_every_wait_is_the_same() {
    VoiceCircuitBreaker breaker = opened(CircuitBreakerConfig.defaults());

    assertThat(waits(breaker, 5)).containsOnly(Duration.ofSeconds(30));
  }

  @Test
  void with_a_factor_waits_grow_up_to_the_longest_and_vary_by_a_tenth() {
    VoiceCircuitBreaker breaker =
        opened(
            CircuitBreakerConfig.builder()
                .recoveryBackoff(2)
                .maxRecoveryTimeout(Duration.ofMinutes(2))
                .build());

    List<Duration> waits = waits(breaker, 6);

    assertThat(waits.get(0)).isEqualTo(Duration.ofSeconds(30));
    assertThat(waits.get(1)).isBetween(Duration.ofSeconds(54), Duration.ofSeconds(66));
    assertThat(waits.get(2)).isBetween(Duration.ofSeconds(108), Duration.ofSeconds(120));
    assertThat(waits.get(5)).isEqualTo(Duration.ofMinutes(2));
  }

  @Test
  void no_wait_is_shorter_than_the_recovery_timeout() {
    CircuitBreakerConfig config = CircuitBreakerConfig.builder().recoveryBackoff(1.01).build();
    MachineState s = MachineState.INITIAL;
    HashSet<Long> seen = new HashSet<>();
    for (int i = 0; i < 200; i++) {
      s = s.opened(1, 0, null);
      long wait = StateMachine.waitNanos(s, config);
      seen.add(wait);
      assertThat(wait).isGreaterThanOrEqualTo(Duration.ofSeconds(30).toNanos());
    }
    assertThat(seen).hasSizeGreaterThan(50);
  }

  @Test
  void a_success_ends_the_growth() {
    VoiceCircuitBreaker breaker = opened(CircuitBreakerConfig.builder().recoveryBackoff(3).build());
    waits(breaker, 2);
    time.advance(Duration.ofMinutes(10));
    breaker.executeAsync(() -> CompletableFuture.completedFuture("back"));
    for (int i = 0; i < 10; i++) {
      fail(breaker);
    }

    assertThat(breaker.snapshot().retryAfter()).isEqualTo(Duration.ofSeconds(30));
  }
}
