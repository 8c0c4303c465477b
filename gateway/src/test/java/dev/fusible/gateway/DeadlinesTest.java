package dev.fusible.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.CircuitBreakerConfig;
import io.vertx.core.MultiMap;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeadlinesTest {

  private static final GatewayConfig CONFIG = with(CircuitBreakerConfig.defaults());

  private static GatewayConfig with(CircuitBreakerConfig breaker) {
    GatewayConfig some = RunningGateway.config(Path.of("."), URI.create("http://x/v1"), null);
    return new GatewayConfig(
        some.server(),
        some.store(),
        breaker,
        some.deadlines(),
        some.upstream(),
        some.businesses(),
        some.platformKeys());
  }

  @Test
  void the_breakers_limit_of_one_operation_lowers_them() {
    GatewayConfig quick =
        with(CircuitBreakerConfig.builder().timeout(Duration.ofSeconds(2)).build());
    GatewayConfig unlimited = with(CircuitBreakerConfig.builder().timeout(Duration.ZERO).build());
    MultiMap none = MultiMap.caseInsensitiveMultiMap();

    assertThat(Deadlines.of(quick, true, none).firstSpeech()).isEqualTo(Duration.ofSeconds(2));
    assertThat(Deadlines.of(quick, false, none).firstSpeech()).isEqualTo(Duration.ofSeconds(2));
    assertThat(Deadlines.of(unlimited, false, none).firstSpeech()).isEqualTo(Duration.ofSeconds(8));
  }

  private static Deadlines with(boolean streams, String name, String value) {
    return Deadlines.of(CONFIG, streams, MultiMap.caseInsensitiveMultiMap().add(name, value));
  }

  @Test
  void without_a_word_of_the_agents_they_are_as_configured() {
    MultiMap none = MultiMap.caseInsensitiveMultiMap();

    assertThat(Deadlines.of(CONFIG, true, none))
        .isEqualTo(new Deadlines(Duration.ofMillis(4_500), Duration.ofSeconds(3)));
    assertThat(Deadlines.of(CONFIG, false, none).firstSpeech()).isEqualTo(Duration.ofSeconds(8));
  }

  @ParameterizedTest
  @CsvSource({"3, 2600", "4.9, 4500", "600, 4500", "0.2, 50", "1.5, 1100"})
  void the_agents_timeout_less_400_ms_only_lowers_them(String seconds, long millis) {
    assertThat(with(true, "X-Stainless-Timeout", seconds).firstSpeech())
        .isEqualTo(Duration.ofMillis(millis));
  }

  @Test
  void its_read_timeout_lowers_the_stall_too() {
    assertThat(with(true, "x-stainless-read-timeout", "2"))
        .isEqualTo(new Deadlines(Duration.ofMillis(1_600), Duration.ofMillis(1_600)));
    assertThat(with(false, "x-stainless-read-timeout", "5").firstSpeech())
        .isEqualTo(Duration.ofMillis(4_600));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "NaN", "Infinity", "soon", "", "1e300", "not_given"})
  void zero_and_nonsense_are_ignored(String nonsense) {
    assertThat(with(true, "X-Stainless-Timeout", nonsense).firstSpeech())
        .isEqualTo(Duration.ofMillis(4_500));
  }
}
