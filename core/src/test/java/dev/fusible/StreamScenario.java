package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;

/** A guarded stream with an upstream and a subscriber that a test plays by hand. */
abstract class StreamScenario {

  static final Duration FIRST = Duration.ofMillis(4_500);
  static final Duration STALL = Duration.ofSeconds(3);

  final ManualTime time = new ManualTime();
  final VoiceCircuitBreakers breakers =
      VoiceCircuitBreakers.builder().timeSource(time).executor(Runnable::run).build();
  final VoiceCircuitBreaker breaker = breakers.forBusiness("b");
  final ManualStream<String> upstream = new ManualStream<>();
  final Hearer hearer = Hearer.ofAll();

  @AfterEach
  void leavesNothingBehind() {
    assertThat(time.pendingTasks()).isZero();
    assertThat(breakers.circuit("b").inFlight()).isZero();
    breakers.close();
  }

  static StreamOptions.Builder<String> options() {
    return StreamOptions.<String>builder(fallback -> fallback.type().name())
        .speakable(item -> !item.isBlank());
  }

  Hearer listen(StreamOptions.Builder<String> options, Hearer subscriber) {
    breaker.executeStream(() -> upstream, options.build()).subscribe(subscriber);
    return subscriber;
  }

  void listen() {
    listen(options(), hearer);
  }

  void open() {
    for (int i = 0; i < 10; i++) {
      breaker.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    }
  }

  void becomeReadyForATrial() {
    open();
    time.advance(Duration.ofSeconds(30));
  }

  void assertHeard(String... items) {
    assertThat(hearer.heard).containsExactly(items);
    assertThat(hearer.ends).containsExactly("complete");
  }

  void assertCounted(int succeeded, int failed, int timeouts) {
    CircuitBreakerMetrics metrics = breaker.getMetrics();
    assertThat(metrics.successfulExecutions()).as("succeeded").isEqualTo(succeeded);
    assertThat(metrics.failedExecutions()).as("failed").isEqualTo(failed);
    assertThat(metrics.timeouts()).as("timeouts").isEqualTo(timeouts);
  }
}
