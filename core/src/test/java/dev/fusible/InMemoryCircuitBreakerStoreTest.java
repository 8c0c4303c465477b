package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.testkit.CircuitBreakerStoreContract;
import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class InMemoryCircuitBreakerStoreTest extends CircuitBreakerStoreContract {

  private final ManualTime time = new ManualTime();
  private final CircuitBreakerStore store = CircuitBreakerStore.inMemory(time);

  @Override
  protected CircuitBreakerStore openStore() {
    return store;
  }

  @Override
  protected void advance(Duration duration) {
    time.advance(duration);
  }

  @Test
  void runsOnTheSystemsClockUnlessGivenAnother() {
    try (CircuitBreakerStore system = CircuitBreakerStore.inMemory()) {
      assertThat(system.getState("a").toCompletableFuture().join().version()).isEqualTo(1);
    }
  }
}
