package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** However many threads race, there is one trial, and one event for a transition. */
class AdmissionRaceTest {

  private static final int THREADS = 1_000;

  private final ManualTime time = new ManualTime();
  private final Heard heard = new Heard();

  private VoiceCircuitBreakers.Builder builder() {
    return VoiceCircuitBreakers.builder()
        .timeSource(time)
        .listener(heard)
        .config(CircuitBreakerConfig.builder().timeout(Duration.ZERO).build());
  }

  private static void race(Runnable racer) throws InterruptedException {
    CountDownLatch ready = new CountDownLatch(THREADS);
    CountDownLatch start = new CountDownLatch(1);
    Thread[] threads = new Thread[THREADS];
    for (int i = 0; i < THREADS; i++) {
      threads[i] =
          new Thread(
              null,
              () -> {
                ready.countDown();
                try {
                  start.await();
                } catch (InterruptedException ended) {
                  Thread.currentThread().interrupt();
                }
                racer.run();
              },
              "racer-" + i,
              256 * 1_024);
      threads[i].start();
    }
    ready.await();
    start.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private void raceToOpenAndToClose(VoiceCircuitBreakers breakers) throws InterruptedException {
    VoiceCircuitBreaker breaker = breakers.forBusiness("b");
    race(
        () ->
            breaker.executeAsync(
                () -> CompletableFuture.failedFuture(new IllegalStateException())));
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
    assertThat(breaker.getMetrics().stateChanges()).isEqualTo(1);

    time.advance(Duration.ofSeconds(30));
    AtomicInteger trials = new AtomicInteger();
    CompletableFuture<String> trial = new CompletableFuture<>();
    race(
        () ->
            breaker.executeAsync(
                () -> {
                  trials.incrementAndGet();
                  return trial;
                }));
    assertThat(trials).hasValue(1);
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.HALF_OPEN);

    race(() -> trial.complete("back"));
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
    assertThat(breakers.circuit("b").inFlight()).isZero();
    breakers.close();
    assertThat(heard.all.stream().filter(word -> word.contains(">")))
        .containsExactly("CLOSED>OPEN", "OPEN>HALF_OPEN", "HALF_OPEN>CLOSED");
  }

  @Test
  void alone() throws InterruptedException {
    raceToOpenAndToClose(builder().build());
  }

  @Test
  void with_a_store() throws InterruptedException {
    raceToOpenAndToClose(builder().store(CircuitBreakerStore.inMemory(time)).build());
  }

  @Test
  void every_result_is_counted_once_and_nothing_stays_in_flight() throws InterruptedException {
    VoiceCircuitBreakers breakers = builder().build();
    VoiceCircuitBreaker breaker = breakers.forBusiness("b");
    breaker.forceClosed("count");

    race(
        () -> {
          breaker.execute(() -> "ok");
          breaker.execute(
              () -> {
                throw new IllegalStateException();
              });
        });

    CircuitBreakerMetrics metrics = breaker.getMetrics();
    assertThat(metrics.totalExecutions()).isEqualTo(2 * THREADS);
    assertThat(metrics.successfulExecutions()).isEqualTo(THREADS);
    assertThat(metrics.failedExecutions()).isEqualTo(THREADS);
    assertThat(breakers.circuit("b").inFlight()).isZero();
    breakers.close();
  }

  @Test
  void calls_that_race_with_eviction_lose_nothing() throws InterruptedException {
    VoiceCircuitBreakers breakers = builder().maxCircuits(1).build();
    AtomicInteger answered = new AtomicInteger();
    AtomicInteger next = new AtomicInteger();

    race(
        () -> {
          VoiceCircuitBreaker breaker = breakers.forBusiness("b" + next.incrementAndGet() % 7);
          for (int i = 0; i < 5; i++) {
            if (!breaker.execute(() -> "ok").isFallback()) {
              answered.incrementAndGet();
            }
          }
        });

    assertThat(answered).hasValue(5 * THREADS);
    breakers.close();
  }
}
