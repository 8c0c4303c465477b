package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The test list of the specification, 3.9, by its names. */
class CircuitBreakerTest {

  private final ManualTime time = new ManualTime();
  private final CircuitBreakerStore store = CircuitBreakerStore.inMemory(time);
  private final List<VoiceCircuitBreakers> opened = new ArrayList<>();
  private final VoiceCircuitBreaker breaker = instance().forBusiness("clinica-sonrisa");
  private final AtomicInteger runs = new AtomicInteger();

  private final Callable<String> healthy =
      () -> {
        runs.incrementAndGet();
        return "¡Claro que sí!";
      };
  private final Callable<String> failing =
      () -> {
        runs.incrementAndGet();
        throw new IllegalStateException("down");
      };

  private VoiceCircuitBreakers instance() {
    VoiceCircuitBreakers breakers =
        VoiceCircuitBreakers.builder().timeSource(time).store(store).language("es-MX").build();
    opened.add(breakers);
    return breakers;
  }

  @AfterEach
  void close() {
    opened.forEach(VoiceCircuitBreakers::close);
  }

  private void open() {
    for (int i = 0; i < 10; i++) {
      breaker.execute(failing);
    }
    runs.set(0);
  }

  @Nested
  @DisplayName("1. Estado CLOSED")
  class Closed {

    @Test
    @DisplayName("Ejecuta función normalmente")
    void runs_the_operation() {
      assertThat(breaker.execute(healthy, FallbackResponse::text)).isEqualTo("¡Claro que sí!");
      assertThat(runs).hasValue(1);
    }

    @Test
    @DisplayName("Incrementa fallos en error")
    void a_failure_adds_to_the_count() {
      breaker.execute(failing);
      breaker.execute(failing);

      assertThat(breaker.snapshot().failureCount()).isEqualTo(2);
      assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
    }

    @Test
    @DisplayName("Resetea en éxito")
    void a_success_sets_the_count_to_zero() {
      breaker.execute(failing);
      breaker.execute(healthy);

      assertThat(breaker.snapshot().failureCount()).isZero();
    }

    @Test
    @DisplayName("Volume threshold: no abre con pocos requests")
    void nine_failures_leave_it_closed_and_the_tenth_opens_it() {
      for (int i = 0; i < 9; i++) {
        breaker.execute(failing);
        assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
      }

      breaker.execute(failing);

      assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
      assertThat(breaker.snapshot().failureCount()).isEqualTo(10);
    }

    @Test
    @DisplayName("Si fallos >= threshold: cambia a OPEN")
    void ten_requests_with_the_last_five_failed_open_it_at_the_fifth_failure() {
      for (int i = 0; i < 5; i++) {
        breaker.execute(healthy);
      }
      for (int i = 0; i < 4; i++) {
        breaker.execute(failing);
        assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
      }

      breaker.execute(failing);

      assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
    }
  }

  @Nested
  @DisplayName("2. Estado OPEN")
  class Open {

    @Test
    @DisplayName("No ejecuta función")
    void does_not_run_the_operation() {
      open();

      breaker.execute(healthy);

      assertThat(runs).hasValue(0);
    }

    @Test
    @DisplayName("Retorna fallback")
    void answers_with_the_sentence() {
      open();

      ExecutionResult<String> result = breaker.execute(healthy);

      assertThat(result)
          .isInstanceOfSatisfying(
              ExecutionResult.Fallback.class,
              fallback -> {
                assertThat(fallback.type()).isEqualTo(FallbackType.CIRCUIT_OPEN);
                assertThat(fallback.response().language()).isEqualTo("es-MX");
                assertThat(fallback.cause()).isNull();
              });
    }

    @Test
    @DisplayName("Cambia a HALF_OPEN después de timeout")
    void becomes_half_open_when_the_wait_is_over() {
      open();
      time.advance(Duration.ofSeconds(30).minusNanos(1));
      assertThat(breaker.execute(healthy).isFallback()).isTrue();

      time.advance(Duration.ofNanos(1));
      List<CircuitBreakerState> seen = new ArrayList<>();
      breaker.execute(() -> seen.add(breaker.state()));

      assertThat(seen).containsExactly(CircuitBreakerState.HALF_OPEN);
    }
  }

  @Nested
  @DisplayName("3. Estado HALF_OPEN")
  class HalfOpen {

    @Test
    @DisplayName("Permite un request")
    void lets_one_call_through() {
      open();
      time.advance(Duration.ofSeconds(30));
      CompletableFuture<String> trial = new CompletableFuture<>();
      breaker.executeAsync(() -> trial);

      for (int i = 0; i < 20; i++) {
        assertThat(breaker.execute(healthy).isFallback()).isTrue();
      }

      assertThat(runs).hasValue(0);
      assertThat(breaker.state()).isEqualTo(CircuitBreakerState.HALF_OPEN);
    }

    @Test
    @DisplayName("Cierra en éxito")
    void a_success_closes_it() {
      open();
      time.advance(Duration.ofSeconds(30));

      breaker.execute(healthy);

      assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
      assertThat(breaker.snapshot().failureCount()).isZero();
    }

    @Test
    @DisplayName("Abre en fallo")
    void a_failure_opens_it_for_a_full_wait() {
      open();
      time.advance(Duration.ofSeconds(30));

      breaker.execute(failing);

      assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
      assertThat(breaker.snapshot().retryAfter()).isEqualTo(Duration.ofSeconds(30));
    }
  }

  @Nested
  @DisplayName("4. Timeout")
  class Timeout {

    @Test
    @DisplayName("Timeout funciona")
    void an_operation_past_eight_seconds_ends_in_the_sentence() throws Exception {
      CompletableFuture<ExecutionResult<String>> result = hang();

      time.advance(Duration.ofSeconds(8));

      assertThat(result.get(5, TimeUnit.SECONDS))
          .isInstanceOfSatisfying(
              ExecutionResult.Fallback.class,
              fallback -> {
                assertThat(fallback.type()).isEqualTo(FallbackType.TIMEOUT);
                assertThat(fallback.elapsed()).isEqualTo(Duration.ofSeconds(8));
              });
    }

    @Test
    @DisplayName("Cuenta como fallo")
    void counts_as_a_failure() throws Exception {
      CompletableFuture<ExecutionResult<String>> result = hang();

      time.advance(Duration.ofSeconds(8));
      result.get(5, TimeUnit.SECONDS);

      assertThat(breaker.snapshot().failureCount()).isEqualTo(1);
      assertThat(breaker.getMetrics().failedExecutions()).isEqualTo(1);
      assertThat(breaker.getMetrics().timeouts()).isEqualTo(1);
    }

    private CompletableFuture<ExecutionResult<String>> hang() throws InterruptedException {
      CountDownLatch started = new CountDownLatch(1);
      CompletableFuture<ExecutionResult<String>> result =
          CompletableFuture.supplyAsync(
              () ->
                  breaker.execute(
                      () -> {
                        started.countDown();
                        new CountDownLatch(1).await();
                        return "never";
                      }));
      started.await();
      return result;
    }
  }

  @Nested
  @DisplayName("5. Persistencia")
  class Persistence {

    @Test
    @DisplayName("Estado se guarda")
    void the_state_is_saved() {
      open();

      CircuitBreakerStoreState row = store.getState("clinica-sonrisa").toCompletableFuture().join();

      assertThat(row.state()).isEqualTo(CircuitBreakerState.OPEN);
      assertThat(row.failureCount()).isEqualTo(10);
      assertThat(row.lastErrorCode()).isEqualTo("IllegalStateException");
    }

    @Test
    @DisplayName("Estado se recupera correctamente")
    void the_state_is_recovered_with_the_remaining_wait() {
      open();
      time.advance(Duration.ofSeconds(12));

      VoiceCircuitBreaker restarted = instance().forBusiness("clinica-sonrisa");

      assertThat(restarted.state()).isEqualTo(CircuitBreakerState.OPEN);
      assertThat(restarted.snapshot().retryAfter()).isEqualTo(Duration.ofSeconds(18));
      assertThat(restarted.execute(healthy).isFallback()).isTrue();
      time.advance(Duration.ofSeconds(18));
      assertThat(restarted.execute(healthy).isFallback()).isFalse();
    }
  }
}
