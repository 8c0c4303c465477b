package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class CircuitBreakerConfigTest {

  @Test
  void the_defaults_are_the_specifications() {
    CircuitBreakerConfig config = CircuitBreakerConfig.defaults();

    assertThat(config.failureThreshold()).isEqualTo(5);
    assertThat(config.recoveryTimeout()).isEqualTo(Duration.ofMillis(30_000));
    assertThat(config.timeout()).isEqualTo(Duration.ofMillis(8_000));
    assertThat(config.volumeThreshold()).isEqualTo(10);
  }

  @Test
  void the_other_defaults_are_the_contracts() {
    CircuitBreakerConfig config = CircuitBreakerConfig.builder().build();

    assertThat(config.trialPatience()).isEqualTo(Duration.ofSeconds(3));
    assertThat(config.recoveryBackoff()).isEqualTo(1.0);
    assertThat(config.maxRecoveryTimeout()).isEqualTo(Duration.ofMinutes(5));
    assertThat(config.tripPolicy()).isEqualTo(TripPolicy.consecutiveFailures());
    assertThat(config.recordFailure().test(new RuntimeException())).isTrue();
    assertThat(config.recordFailure().test(new CancellationException())).isFalse();
    assertThat(config.recordResult().test("anything")).isFalse();
  }

  @Test
  void a_copy_keeps_every_value() {
    CircuitBreakerConfig config =
        CircuitBreakerConfig.builder()
            .failureThreshold(1)
            .volumeThreshold(2)
            .recoveryTimeout(Duration.ofSeconds(3))
            .timeout(Duration.ofSeconds(4))
            .trialPatience(Duration.ofSeconds(5))
            .recoveryBackoff(2)
            .maxRecoveryTimeout(Duration.ofSeconds(6))
            .tripPolicy(TripPolicy.failureRate(0.5, 20))
            .recordFailure(e -> true)
            .recordResult(r -> true)
            .build();

    assertThat(config.toBuilder().build()).isEqualTo(config);
  }

  static Stream<Arguments> wrong() {
    return Stream.of(
        wrong("failureThreshold", b -> b.failureThreshold(0)),
        wrong("volumeThreshold", b -> b.volumeThreshold(-1)),
        wrong("recoveryTimeout", b -> b.recoveryTimeout(Duration.ZERO)),
        wrong("timeout", b -> b.timeout(Duration.ofMillis(-1))),
        wrong("trialPatience", b -> b.trialPatience(Duration.ZERO)),
        wrong("timeout", b -> b.timeout(Duration.ofSeconds(Long.MAX_VALUE))),
        wrong("recoveryTimeout", b -> b.recoveryTimeout(Duration.ofDays(366))),
        wrong("trialPatience", b -> b.trialPatience(Duration.ofDays(366))),
        wrong("maxRecoveryTimeout", b -> b.maxRecoveryTimeout(Duration.ofDays(366))),
        wrong("recoveryBackoff", b -> b.recoveryBackoff(0.9)),
        wrong("recoveryBackoff", b -> b.recoveryBackoff(Double.NaN)),
        wrong(
            "maxRecoveryTimeout",
            b -> b.recoveryBackoff(2).maxRecoveryTimeout(Duration.ofSeconds(1))),
        wrong("maxRecoveryTimeout", b -> b.maxRecoveryTimeout(Duration.ZERO)));
  }

  private static Arguments wrong(String field, UnaryOperator<CircuitBreakerConfig.Builder> change) {
    return Arguments.of(field, change);
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void a_wrong_value_is_refused_by_the_name_of_its_field(
      String field, UnaryOperator<CircuitBreakerConfig.Builder> change) {
    CircuitBreakerConfig.Builder builder = change.apply(CircuitBreakerConfig.builder());

    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(field);
  }

  static Stream<Arguments> wrongPolicies() {
    return Stream.of(
        Arguments.of("rate", (Runnable) () -> TripPolicy.failureRate(0, 10)),
        Arguments.of("rate", (Runnable) () -> TripPolicy.failureRate(1.1, 10)),
        Arguments.of("rate", (Runnable) () -> TripPolicy.failureRate(Double.NaN, 10)),
        Arguments.of("calls", (Runnable) () -> TripPolicy.failureRate(0.5, 0)),
        Arguments.of("calls", (Runnable) () -> TripPolicy.failureRate(0.5, 1_025)),
        Arguments.of("period", (Runnable) () -> TripPolicy.failureRate(0.5, Duration.ofNanos(1))),
        Arguments.of(
            "period",
            (Runnable) () -> TripPolicy.failureRate(0.5, Duration.ofSeconds(Long.MAX_VALUE))),
        Arguments.of("slowerThan", (Runnable) () -> TripPolicy.slowCalls(0.5, Duration.ZERO, 10)),
        Arguments.of(
            "slowerThan",
            (Runnable)
                () -> TripPolicy.slowCalls(0.5, Duration.ofMillis(-1), Duration.ofSeconds(1))));
  }

  @ParameterizedTest
  @MethodSource("wrongPolicies")
  void a_wrong_policy_is_refused_by_the_name_of_its_value(String field, Runnable factory) {
    assertThatThrownBy(factory::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(field);
  }
}
