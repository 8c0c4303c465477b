package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Predicates, functions and listeners that throw leak nothing and change no caller's result. */
class UserCodeTest {

  private final ManualTime time = new ManualTime();

  /** What user code may throw: an assertion or a missing class as well as an exception. */
  static Stream<Throwable> thrown() {
    return Stream.of(new IllegalStateException(), new AssertionError(), new NoClassDefFoundError());
  }

  @SuppressWarnings("unchecked")
  private static <X extends Throwable> RuntimeException sneaky(Throwable failure) throws X {
    throw (X) failure;
  }

  private static <T> Predicate<T> throwing(Throwable failure) {
    return any -> {
      throw UserCodeTest.<RuntimeException>sneaky(failure);
    };
  }

  private VoiceCircuitBreakers breakers(CircuitBreakerConfig.Builder config) {
    return VoiceCircuitBreakers.builder()
        .timeSource(time)
        .executor(Runnable::run)
        .eventDelivery(Runnable::run)
        .config(config.build())
        .build();
  }

  private static void fail(VoiceCircuitBreaker breaker, int times) {
    for (int i = 0; i < times; i++) {
      breaker.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    }
  }

  @ParameterizedTest
  @MethodSource("thrown")
  void a_predicate_of_results_that_throws_counts_a_failure_and_keeps_the_value(Throwable failure) {
    for (Duration timeout : List.of(Duration.ZERO, Duration.ofSeconds(8))) {
      VoiceCircuitBreakers breakers =
          breakers(CircuitBreakerConfig.builder().timeout(timeout).recordResult(throwing(failure)));

      ExecutionResult<String> result = breakers.forBusiness("b").execute(() -> "kept");

      assertThat(result.valueOr(FallbackResponse::text)).isEqualTo("kept");
      assertThat(breakers.forBusiness("b").getMetrics().failedExecutions()).isEqualTo(1);
      assertThat(breakers.circuit("b").inFlight()).isZero();
    }
  }

  @ParameterizedTest
  @MethodSource("thrown")
  void a_predicate_of_failures_that_throws_counts_a_failure_and_keeps_the_cause(Throwable failure) {
    IllegalStateException mine = new IllegalStateException();
    for (Duration timeout : List.of(Duration.ZERO, Duration.ofSeconds(8))) {
      VoiceCircuitBreakers breakers =
          breakers(
              CircuitBreakerConfig.builder().timeout(timeout).recordFailure(throwing(failure)));

      ExecutionResult<String> result =
          breakers
              .forBusiness("b")
              .execute(
                  () -> {
                    throw mine;
                  });

      assertThat(((ExecutionResult.Fallback<String>) result).cause()).isSameAs(mine);
      assertThat(breakers.forBusiness("b").getMetrics().failedExecutions()).isEqualTo(1);
      assertThat(breakers.circuit("b").inFlight()).isZero();
    }
  }

  @ParameterizedTest
  @MethodSource("thrown")
  void a_predicate_that_throws_in_a_trial_leaks_no_trial(Throwable failure) {
    VoiceCircuitBreakers breakers =
        breakers(
            CircuitBreakerConfig.builder().timeout(Duration.ZERO).recordResult(throwing(failure)));
    VoiceCircuitBreaker breaker = breakers.forBusiness("b");
    fail(breaker, 10);
    time.advance(Duration.ofSeconds(30));

    breaker.execute(() -> "trial");

    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
    time.advance(Duration.ofSeconds(30));
    assertThat(breaker.execute(() -> "next trial").isFallback()).isFalse();
  }

  @Test
  void a_result_that_is_called_a_failure_is_counted_as_one_and_returned() {
    VoiceCircuitBreaker breaker =
        breakers(CircuitBreakerConfig.builder().recordResult("empty"::equals)).forBusiness("b");

    for (int i = 0; i < 10; i++) {
      assertThat(breaker.execute(() -> "empty").valueOr(FallbackResponse::text)).isEqualTo("empty");
    }

    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
    assertThat(breaker.snapshot().lastErrorCode()).isEqualTo("result");
    assertThat(breaker.getMetrics().fallbacksServed()).isZero();
  }

  @Test
  void an_exception_that_is_called_no_failure_counts_nowhere() {
    VoiceCircuitBreaker breaker =
        breakers(
                CircuitBreakerConfig.builder()
                    .recordFailure(e -> !(e instanceof IllegalArgumentException)))
            .forBusiness("b");
    for (int i = 0; i < 4; i++) {
      fail(breaker, 1);
    }

    for (int i = 0; i < 20; i++) {
      ExecutionResult<String> result =
          breaker.execute(
              () -> {
                throw new IllegalArgumentException();
              });
      assertThat(result.isFallback()).isTrue();
    }

    assertThat(breaker.snapshot().failureCount()).as("neither reset nor raised").isEqualTo(4);
    CircuitBreakerMetrics metrics = breaker.getMetrics();
    assertThat(metrics.totalExecutions()).isEqualTo(24);
    assertThat(metrics.failedExecutions()).isEqualTo(4);
    assertThat(metrics.failureRate()).isEqualTo(1.0);
  }

  @Test
  void an_error_is_a_failure_whatever_the_predicate_says() {
    VoiceCircuitBreakers breakers =
        breakers(CircuitBreakerConfig.builder().recordFailure(e -> false));

    breakers
        .forBusiness("b")
        .executeAsync(() -> CompletableFuture.failedFuture(new StackOverflowError()));

    assertThat(breakers.forBusiness("b").getMetrics().failedExecutions()).isEqualTo(1);
  }

  @ParameterizedTest
  @MethodSource("thrown")
  void functions_of_languages_sentences_and_phones_that_throw_leave_the_defaults(
      Throwable failure) {
    VoiceCircuitBreaker breaker =
        VoiceCircuitBreakers.builder()
            .timeSource(time)
            .language("es-MX")
            .languageFor(
                id -> {
                  throw UserCodeTest.<RuntimeException>sneaky(failure);
                })
            .fallbacksFor(
                id -> {
                  throw UserCodeTest.<RuntimeException>sneaky(failure);
                })
            .phoneFor(
                id -> {
                  throw UserCodeTest.<RuntimeException>sneaky(failure);
                })
            .build()
            .forBusiness("b");
    breaker.forceOpen("x");

    ExecutionResult<String> result = breaker.execute(() -> "never");

    assertThat(((ExecutionResult.Fallback<String>) result).response().language())
        .isEqualTo("es-MX");
  }

  @ParameterizedTest
  @MethodSource("thrown")
  void a_listener_that_throws_stops_no_other(Throwable failure) {
    Heard heard = new Heard();
    CircuitBreakerListener broken =
        new CircuitBreakerListener() {
          @Override
          public void onStateChange(StateChange change) {
            throw UserCodeTest.<RuntimeException>sneaky(failure);
          }

          @Override
          public void onFailure(CallEvent event) {
            throw UserCodeTest.<RuntimeException>sneaky(failure);
          }
        };
    VoiceCircuitBreaker breaker =
        VoiceCircuitBreakers.builder()
            .timeSource(time)
            .eventDelivery(Runnable::run)
            .listener(broken)
            .listener(heard)
            .build()
            .forBusiness("b");
    Heard own = new Heard();
    breaker.addListener(broken);
    breaker.addListener(own);

    fail(breaker, 10);

    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
    assertThat(heard.failures).hasSize(10);
    assertThat(heard.changes).hasSize(1);
    assertThat(own.all).isEqualTo(heard.all);
  }
}
