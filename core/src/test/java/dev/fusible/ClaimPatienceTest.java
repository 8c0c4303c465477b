package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusible.FlakyStore.Fault;
import dev.fusible.FlakyStore.Operation;
import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * How long a caller waits for the store's word on the trial: a quarter of a second of real time.
 */
class ClaimPatienceTest {

  private final ManualTime time = new ManualTime();
  private final Instance one =
      new Instance(
          time,
          new FlakyStore(CircuitBreakerStore.inMemory(time)),
          CircuitBreakerConfig.defaults());

  @BeforeEach
  void a_trial_is_due_and_the_store_holds_its_word_back() {
    one.fail(10);
    time.advance(Duration.ofSeconds(30));
    one.line.fault(Operation.CLAIM, Fault.HOLD);
  }

  @AfterEach
  void close() throws Exception {
    one.close();
  }

  @Test
  void a_caller_waits_a_quarter_second_for_the_store_and_no_longer() {
    long start = System.nanoTime();

    ExecutionResult<String> result = one.breaker.execute(() -> "ok");

    Duration waited = Duration.ofNanos(System.nanoTime() - start);
    assertThat(result.isFallback()).isTrue();
    assertThat(waited).isBetween(Duration.ofMillis(245), Duration.ofSeconds(5));
    one.line.release();
    assertThat(one.breaker.execute(() -> "ok").isFallback()).isFalse();
    assertThat(one.line.count(Operation.CLAIM)).as("the claim went on").isEqualTo(1);
  }

  @Test
  void an_asynchronous_caller_waits_a_quarter_second_too() {
    CompletableFuture<Attempt> claim = new CompletableFuture<>();
    long start = System.nanoTime();

    assertThat(CircuitContext.limited(claim).join()).isNull();

    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isBetween(Duration.ofMillis(245), Duration.ofSeconds(5));
  }

  @Test
  void an_interrupt_while_waiting_for_the_store_cancels_the_call() {
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> one.breaker.execute(() -> "ok"))
        .isInstanceOf(CancellationException.class);

    assertThat(Thread.interrupted()).as("the flag is kept").isTrue();
    one.line.release();
    assertThat(one.breaker.execute(() -> "ok").isFallback()).isFalse();
  }
}
