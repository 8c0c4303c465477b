package dev.fusible;

import static dev.fusible.CircuitBreakerState.CLOSED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What an outage costs: 30 businesses on three instances, each with one caller who says something
 * every 12 s, and a model that answers nobody for ten minutes.
 */
class OutageCostTest {

  private static final int BUSINESSES = 30;
  private static final int TURN_SECONDS = 12;

  private final ManualTime time = new ManualTime();
  private final CircuitBreakerStore store = CircuitBreakerStore.inMemory(time);
  private final List<FleetInstance> fleet =
      List.of(
          new FleetInstance(time, store),
          new FleetInstance(time, store),
          new FleetInstance(time, store));
  private final List<Duration> waits = new ArrayList<>();
  private boolean hangs;
  private int calls;

  @AfterEach
  void close() {
    fleet.forEach(FleetInstance::close);
  }

  private CompletableFuture<String> model() {
    calls++;
    return hangs ? new CompletableFuture<>() : CompletableFuture.completedFuture("hello");
  }

  private VoiceCircuitBreaker breaker(int business, boolean shared) {
    FleetInstance instance = fleet.get(business % fleet.size());
    return shared ? instance.of("b" + business) : instance.breakers.forBusiness("b" + business);
  }

  private void speak(int business, boolean shared) {
    breaker(business, shared)
        .executeAsync(this::model)
        .thenAccept(
            result ->
                waits.add(
                    result instanceof ExecutionResult.Fallback<String> fallback
                        ? fallback.elapsed()
                        : Duration.ZERO));
  }

  private void talkFor(Duration duration, boolean shared) {
    for (int second = 0; second < duration.toSeconds(); second++) {
      for (int business = 0; business < BUSINESSES; business++) {
        if ((second + business) % TURN_SECONDS == 0) {
          speak(business, shared);
        }
      }
      time.advance(Duration.ofSeconds(1));
    }
  }

  private void outage(boolean shared) {
    talkFor(Duration.ofMinutes(2), shared);
    calls = 0;
    waits.clear();
    hangs = true;
    talkFor(Duration.ofMinutes(10), shared);
  }

  private long secondsWaited() {
    return waits.stream().mapToLong(Duration::toSeconds).sum();
  }

  @Test
  void without_shared_circuits_every_business_learns_it_alone() {
    outage(false);

    assertThat(calls).isEqualTo(480);
    assertThat(secondsWaited()).isEqualTo(2_190);
  }

  @Test
  void with_a_shared_circuit_a_tenth_of_the_calls_is_made_and_the_end_is_noticed_as_soon() {
    outage(true);

    assertThat(calls).isEqualTo(39);
    assertThat(secondsWaited()).isEqualTo(237);

    hangs = false;
    talkFor(Duration.ofSeconds(30 + 8 + TURN_SECONDS), true);
    assertThat(fleet).allMatch(instance -> instance.state() == CLOSED);
  }
}
