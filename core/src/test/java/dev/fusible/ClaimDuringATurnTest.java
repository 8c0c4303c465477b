package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** A caller asks for the trial while another thread has the circuit's turn at the store. */
class ClaimDuringATurnTest {

  private final ManualTime manual = new ManualTime();
  private final AtomicReference<Runnable> atNextReading = new AtomicReference<>();

  /** In a turn the clock is read between the state and the operation: there the caller comes. */
  private final TimeSource time =
      new TimeSource() {
        @Override
        public long nanoTime() {
          Runnable due = atNextReading.getAndSet(null);
          if (due != null) {
            due.run();
          }
          return manual.nanoTime();
        }

        @Override
        public Instant now() {
          return manual.now();
        }

        @Override
        public Cancellable schedule(Runnable task, Duration delay) {
          return manual.schedule(task, delay);
        }
      };

  private final FlakyStore line = new FlakyStore(CircuitBreakerStore.inMemory(manual));

  @Test
  void the_claim_is_not_taken_for_one_that_nobody_wants() {
    try (Instance one = new Instance(time, line, CircuitBreakerConfig.defaults())) {
      one.fail(10);
      manual.advance(Duration.ofSeconds(30));
      Circuit circuit = one.breakers.circuit("b");
      CircuitBreakerStoreState row =
          line.getStates(List.of("b")).toCompletableFuture().join().get("b");
      AtomicReference<CompletableFuture<ExecutionResult<String>>> call = new AtomicReference<>();
      atNextReading.set(
          () ->
              call.set(
                  one.breaker
                      .executeAsync(() -> CompletableFuture.completedFuture("ok"))
                      .toCompletableFuture()));

      ((StoreSync) circuit.context().store()).observe(circuit, row);

      assertThat(call.get().join().isFallback()).isFalse();
      assertThat(one.breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
    }
  }
}
