package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Listeners run on a thread of their own, in order, and hold up nobody. */
class EventDispatcherTest {

  private static final class Hanging extends Heard {
    private final CountDownLatch started = new CountDownLatch(1);
    private final CountDownLatch gate = new CountDownLatch(1);

    @Override
    public void onFallback(FallbackEvent event) {
      started.countDown();
      try {
        gate.await();
      } catch (InterruptedException ended) {
        Thread.currentThread().interrupt();
      }
      super.onFallback(event);
    }
  }

  private static void fail(VoiceCircuitBreaker breaker, int times) {
    for (int i = 0; i < times; i++) {
      breaker.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    }
  }

  @Test
  void events_come_in_the_order_of_what_happened() {
    Heard heard = new Heard();
    VoiceCircuitBreakers breakers = VoiceCircuitBreakers.builder().listener(heard).build();
    VoiceCircuitBreaker breaker = breakers.forBusiness("b");

    breaker.executeAsync(() -> CompletableFuture.completedFuture("ok"));
    fail(breaker, 9);
    breaker.execute(() -> "rejected");
    breaker.reset();
    breakers.close();

    List<String> expected = new ArrayList<>(List.of("success"));
    for (int i = 0; i < 9; i++) {
      expected.add("failure");
      if (i == 8) {
        expected.add("CLOSED>OPEN");
      }
      expected.add("fallback");
    }
    expected.add("fallback");
    expected.add("OPEN>CLOSED");
    assertThat(heard.all).containsExactlyElementsOf(expected);
  }

  @Test
  void an_event_says_what_happened() {
    Heard heard = new Heard();
    VoiceCircuitBreakers breakers = VoiceCircuitBreakers.builder().listener(heard).build();

    fail(breakers.forBusiness("b"), 10);
    breakers.close();

    StateChange change = heard.changes.get(0);
    assertThat(change.businessId()).isEqualTo("b");
    assertThat(change.from()).isEqualTo(CircuitBreakerState.CLOSED);
    assertThat(change.to()).isEqualTo(CircuitBreakerState.OPEN);
    assertThat(change.reason()).isEqualTo("failures");
    assertThat(change.failureCount()).isEqualTo(10);
    assertThat(change.lastErrorCode()).isEqualTo("IllegalStateException");
    assertThat(heard.failures.get(0).businessId()).isEqualTo("b");
    assertThat(heard.fallbacks.get(0).type()).isEqualTo(FallbackType.SYSTEM_ERROR);
    assertThat(heard.fallbacks.get(0).language()).isEqualTo("en-US");
  }

  @Test
  void a_listener_that_hangs_delays_no_call_and_what_it_misses_is_counted() throws Exception {
    Hanging hanging = new Hanging();
    VoiceCircuitBreakers breakers = VoiceCircuitBreakers.builder().listener(hanging).build();
    VoiceCircuitBreaker forced = breakers.forBusiness("forced");
    forced.forceOpen("x");
    forced.execute(() -> "never");
    hanging.started.await();

    for (int i = 0; i < 30_000; i++) {
      assertThat(forced.execute(() -> "never").isFallback()).isTrue();
    }
    assertThat(breakers.droppedEvents()).isGreaterThan(10_000);

    long dropped = breakers.droppedEvents();
    fail(breakers.forBusiness("b"), 10);
    assertThat(breakers.droppedEvents()).as("failures and sentences").isEqualTo(dropped + 20);
    hanging.gate.countDown();
    await().until(() -> hanging.changes.size() == 2);
    assertThat(hanging.changes.get(1).businessId())
        .as("transitions have places kept")
        .isEqualTo("b");
    breakers.close();
  }

  @Test
  void a_delivery_that_is_refused_is_counted_and_changes_no_result() {
    VoiceCircuitBreakers breakers =
        VoiceCircuitBreakers.builder()
            .listener(new Heard())
            .eventDelivery(
                event -> {
                  throw new OutOfMemoryError("unable to create native thread");
                })
            .build();

    assertThat(breakers.forBusiness("b").execute(() -> "ok").isFallback()).isFalse();

    assertThat(breakers.droppedEvents()).isEqualTo(1);
    assertThat(breakers.circuit("b").inFlight()).isZero();
  }

  @Test
  void events_after_close_are_dropped_and_counted() {
    VoiceCircuitBreakers breakers = VoiceCircuitBreakers.builder().listener(new Heard()).build();
    CompletableFuture<String> operation = new CompletableFuture<>();
    breakers.forBusiness("b").executeAsync(() -> operation);
    breakers.close();

    operation.complete("ok");

    assertThat(breakers.droppedEvents()).isEqualTo(1);
  }

  @Test
  void a_listener_of_one_circuit_hears_no_other() {
    Heard own = new Heard();
    VoiceCircuitBreakers breakers =
        VoiceCircuitBreakers.builder().eventDelivery(Runnable::run).build();
    breakers.forBusiness("b").addListener(own);

    fail(breakers.forBusiness("other"), 10);
    assertThat(own.all).isEmpty();
    fail(breakers.forBusiness("b"), 1);

    assertThat(own.all).containsExactly("failure", "fallback");
  }

  @Test
  void where_nobody_listens_calls_make_no_event() {
    AtomicInteger delivered = new AtomicInteger();
    VoiceCircuitBreakers breakers =
        VoiceCircuitBreakers.builder().eventDelivery(event -> delivered.incrementAndGet()).build();

    fail(breakers.forBusiness("b"), 9);
    assertThat(delivered).hasValue(0);
    fail(breakers.forBusiness("b"), 1);

    assertThat(delivered).as("the transition is logged").hasValue(1);
  }

  @Test
  void a_listener_sees_the_settled_state_and_counts() {
    List<String> seen = new ArrayList<>();
    VoiceCircuitBreakers breakers =
        VoiceCircuitBreakers.builder().eventDelivery(Runnable::run).build();
    VoiceCircuitBreaker breaker = breakers.forBusiness("b");
    breaker.addListener(
        new CircuitBreakerListener() {
          @Override
          public void onFailure(CallEvent event) {
            seen.add("failures " + breaker.getMetrics().failedExecutions());
          }

          @Override
          public void onStateChange(StateChange change) {
            seen.add(breaker.state() + " " + breaker.getMetrics().stateChanges());
          }
        });

    fail(breaker, 10);

    assertThat(seen).hasSize(11).startsWith("failures 1").endsWith("failures 10", "OPEN 1");
  }
}
