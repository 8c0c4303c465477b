package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.fusible.FlakyStore.Fault;
import dev.fusible.FlakyStore.Operation;
import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** How a process's breakers end: in bounded time, with nothing left behind. */
class CloseTest {

  private static final Duration BOUND = Duration.ofSeconds(5);

  private final ManualTime time = new ManualTime();
  private final CircuitBreakerStore store = CircuitBreakerStore.inMemory(time);
  private final FlakyStore line = new FlakyStore(store);

  private CircuitBreakerStoreState row() {
    return store.getState("b").toCompletableFuture().join();
  }

  private Instance instance() {
    return new Instance(time, line, CircuitBreakerConfig.defaults());
  }

  private static Duration closing(VoiceCircuitBreakers breakers) {
    long start = System.nanoTime();
    breakers.close();
    return Duration.ofNanos(System.nanoTime() - start);
  }

  @Test
  void after_it_calls_throw_and_what_is_known_can_still_be_read() {
    Instance one = instance();
    one.fail(10);

    one.close();

    assertThatThrownBy(() -> one.breaker.execute(() -> "x"))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> one.breaker.execute(() -> "x", FallbackResponse::text))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> one.breaker.executeAsync(CompletableFuture::new))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> one.breakers.forBusiness("b"))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> one.breaker.forceOpen("x")).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> one.breaker.forceClosed("x"))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> one.breaker.reset()).isInstanceOf(IllegalStateException.class);
    assertThat(one.breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
    assertThat(one.breaker.getMetrics().failedExecutions()).isEqualTo(10);
  }

  @Test
  void closing_twice_does_nothing() {
    Instance one = instance();

    one.close();

    assertThatCode(one::close).doesNotThrowAnyException();
  }

  @Test
  void it_leaves_no_timer() {
    Instance one = instance();
    one.fail(1);
    one.fail(1);
    assertThat(time.pendingTasks()).as("refresh and count").isEqualTo(2);

    one.close();

    assertThat(time.pendingTasks()).isZero();
    assertThat(row().failureCount()).isEqualTo(2);
  }

  @Test
  void it_leaves_no_timer_while_the_store_is_down() {
    Instance one = instance();
    line.all(Fault.FAIL);
    one.fail(1);

    one.close();

    assertThat(time.pendingTasks()).isZero();
  }

  @Test
  void calls_under_way_end_as_they_would_have_and_start_no_timer() {
    Instance one = instance();
    CompletableFuture<String> operation = new CompletableFuture<>();
    CompletableFuture<ExecutionResult<String>> call =
        one.breaker.executeAsync(() -> operation).toCompletableFuture();
    one.close();

    operation.completeExceptionally(new IllegalStateException());

    assertThat(call.join().isFallback()).isTrue();
    assertThat(time.pendingTasks()).isZero();
    assertThat(row().failureCount()).isEqualTo(1);
  }

  @Test
  void what_waits_for_its_first_reading_is_written_too() {
    line.fault(Operation.GET_MANY, Fault.HOLD);
    Instance one = instance();
    one.fail(10);
    CompletableFuture<Void> closing = CompletableFuture.runAsync(one::close);
    await().until(() -> one.circuit().link().lastWrite.get() != null);

    line.release();

    closing.join();
    assertThat(row().state()).isEqualTo(CircuitBreakerState.OPEN);
  }

  @Test
  void it_does_not_close_the_store_that_was_passed_in() {
    Instance one = instance();

    one.close();

    assertThat(row().version()).isPositive();
  }

  @Test
  void it_does_not_wait_for_a_store_that_is_known_to_be_down() {
    Instance one = instance();
    line.all(Fault.HANG);
    one.fail(10);
    time.advance(Duration.ofSeconds(2));

    assertThat(closing(one.breakers)).isLessThan(Duration.ofSeconds(2));
  }

  @Test
  void it_is_bounded_while_the_store_hangs() {
    Instance one = instance();
    line.all(Fault.HANG);
    one.fail(10);

    assertThat(closing(one.breakers)).isBetween(Duration.ofMillis(1_900), BOUND);
  }

  @Test
  void an_interrupt_ends_the_wait_and_is_kept() {
    Instance one = instance();
    line.all(Fault.HANG);
    one.fail(10);
    Thread.currentThread().interrupt();

    Duration waited = closing(one.breakers);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(waited).isLessThan(Duration.ofMillis(1_900));
  }

  @Test
  void the_last_events_are_delivered_and_it_is_bounded_while_a_listener_hangs() {
    CountDownLatch never = new CountDownLatch(1);
    Heard heard = new Heard();
    CircuitBreakerListener hanging =
        new CircuitBreakerListener() {
          @Override
          public void onStateChange(StateChange change) {
            try {
              never.await();
            } catch (InterruptedException ended) {
              Thread.currentThread().interrupt();
            }
          }
        };
    VoiceCircuitBreakers breakers =
        VoiceCircuitBreakers.builder().listener(heard).listener(hanging).build();
    breakers.forBusiness("b").forceOpen("x");

    assertThat(closing(breakers)).isBetween(Duration.ofMillis(1_900), BOUND);

    assertThat(heard.changes).hasSize(1);
    never.countDown();
  }

  @Test
  void it_leaves_no_thread() {
    VoiceCircuitBreakers breakers =
        VoiceCircuitBreakers.builder().store(line).listener(new Heard()).build();
    VoiceCircuitBreaker breaker = breakers.forBusiness("b");
    List<ExecutionResult<String>> results =
        List.of(
            breaker.execute(() -> "a"),
            breaker.execute(
                () -> {
                  throw new IllegalStateException();
                }));
    assertThat(results).hasSize(2);

    breakers.close();

    await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                Thread.getAllStackTraces().keySet().stream()
                    .map(Thread::getName)
                    .noneMatch(
                        name ->
                            name.startsWith("fusible-operation")
                                || name.startsWith("fusible-store")
                                || name.startsWith("fusible-events")));
  }
}
