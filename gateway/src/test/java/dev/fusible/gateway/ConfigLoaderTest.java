package dev.fusible.gateway;

import static dev.fusible.gateway.Configurations.HASH_A;
import static dev.fusible.gateway.Configurations.HASH_B;
import static dev.fusible.gateway.Configurations.SMALLEST;
import static dev.fusible.gateway.Configurations.load;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.CircuitBreakerConfig;
import dev.fusible.FallbackType;
import dev.fusible.TripPolicy;
import dev.fusible.gateway.GatewayConfig.Business;
import dev.fusible.gateway.GatewayConfig.Deadlines;
import dev.fusible.gateway.GatewayConfig.PlatformKey;
import dev.fusible.gateway.GatewayConfig.Secret;
import dev.fusible.gateway.GatewayConfig.Server;
import dev.fusible.gateway.GatewayConfig.Upstream;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigLoaderTest {

  @Test
  void without_a_file_everything_is_the_default_and_the_demo_answers() throws Exception {
    GatewayConfig config = ConfigLoader.load(null, Map.of("PATH", "/bin"), List.of());

    assertThat(config.server()).isEqualTo(new Server("127.0.0.1", 8080, "127.0.0.1", 8081, null));
    assertThat(config.store()).isEqualTo("jdbc:sqlite:./data/fusible.db");
    assertThat(config.deadlines())
        .isEqualTo(
            new Deadlines(Duration.ofMillis(4_500), Duration.ofSeconds(3), Duration.ofSeconds(8)));
    assertThat(config.isDemo()).isTrue();
    assertThat(config.platformKeys()).isEmpty();
  }

  @Test
  void the_default_circuit_is_the_specifications() throws Exception {
    CircuitBreakerConfig breaker = ConfigLoader.load(null, Map.of(), List.of()).breaker();

    assertThat(breaker.failureThreshold()).isEqualTo(5);
    assertThat(breaker.recoveryTimeout()).isEqualTo(Duration.ofSeconds(30));
    assertThat(breaker.timeout()).isEqualTo(Duration.ofSeconds(8));
    assertThat(breaker.volumeThreshold()).isEqualTo(10);
    assertThat(breaker.tripPolicy()).isEqualTo(TripPolicy.consecutiveFailures());
  }

  @ParameterizedTest
  @CsvSource({
    "clinica-sonrisa, es-MX, 97e54bd709dd16cc1a07d005a7d997dcc7529489981b63c5905bc32bc449f808",
    "taqueria-don-pepe, es-MX, 15563aed4144405c62caef27856ab31a3b2e1a8286da6f7deec5db6778fc3585",
    "austin-plumbing, en-US, c40df7ac07bcdb364da782d6c50f9a69538a27b2946761f2b04988e9dd0a9730"
  })
  void the_demo_has_three_businesses(String id, String language, String keyHash) throws Exception {
    GatewayConfig config = ConfigLoader.load(null, Map.of(), List.of());

    assertThat(config.businesses()).hasSize(3);
    Business business = Objects.requireNonNull(config.businesses().get(id));
    assertThat(business.id()).isEqualTo(id);
    assertThat(business.language()).isEqualTo(language);
    assertThat(business.phone()).contains("555");
    assertThat(business.name()).isNotBlank();
    assertThat(business.apiKeySha256()).isEqualTo(keyHash);
  }

  @Test
  void a_file_that_names_neither_upstream_nor_business_is_still_the_demo() {
    GatewayConfig config = load("server:\n  port: 9090\n");

    assertThat(config.isDemo()).isTrue();
    assertThat(config.server().port()).isEqualTo(9090);
    assertThat(config.businesses()).containsKey("clinica-sonrisa");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "# nothing\n", "---\n", "server:\nbreaker:\n", "\uFEFFserver: {}"})
  void an_empty_file_or_section_changes_nothing(String yaml) throws Exception {
    GatewayConfig config = load(yaml);

    assertThat(config.server()).isEqualTo(ConfigLoader.load(null, Map.of(), List.of()).server());
    assertThat(config.isDemo()).isTrue();
  }

  @Test
  void every_value_is_read() {
    GatewayConfig config =
        load(
            """
            server: {host: 0.0.0.0, port: 0, adminHost: "::", adminPort: 0, adminToken: t0ken}
            store: jdbc:sqlite:/var/lib/fusible/state.db
            breaker:
              failureThreshold: 3
              volumeThreshold: 4
              recoveryTimeout: 1m
              timeout: 0s
              trialPatience: 2500ms
              recoveryBackoff: 1.5
              maxRecoveryTimeout: 1h
              tripPolicy: consecutiveFailures
            deadlines: {firstSpeech: 4s, stall: 2.5s, answer: 7s}
            upstreams:
              - name: main
                kind: openai
                url: http://10.0.0.7:8000/openai/v1/
                apiKey: sk-main
                models: [gpt-a, gpt-b]
                dropFields: store
            businesses:
              - id: bakery
                name: The Bakery
                apiKeySha256: %s
                language: es-mx
                phone: 512 555 0100
                platform: vapi
              - id: florist
            platformKeys:
              - apiKeySha256: %s
                businesses: [bakery, florist]
            """
                .formatted(HASH_A.toUpperCase(), HASH_B));

    assertThat(config.server()).isEqualTo(new Server("0.0.0.0", 0, "::", 0, new Secret("t0ken")));
    assertThat(config.store()).isEqualTo("jdbc:sqlite:/var/lib/fusible/state.db");
    assertThat(config.breaker())
        .usingRecursiveComparison()
        .ignoringFields("recordFailure", "recordResult")
        .isEqualTo(
            CircuitBreakerConfig.builder()
                .failureThreshold(3)
                .volumeThreshold(4)
                .recoveryTimeout(Duration.ofMinutes(1))
                .timeout(Duration.ZERO)
                .trialPatience(Duration.ofMillis(2_500))
                .recoveryBackoff(1.5)
                .maxRecoveryTimeout(Duration.ofHours(1))
                .build());
    assertThat(config.deadlines())
        .isEqualTo(
            new Deadlines(Duration.ofSeconds(4), Duration.ofMillis(2_500), Duration.ofSeconds(7)));
    assertThat(config.upstream())
        .isEqualTo(
            new Upstream(
                "main",
                URI.create("http://10.0.0.7:8000/openai/v1"),
                new Secret("sk-main"),
                List.of("gpt-a", "gpt-b"),
                List.of("store")));
    assertThat(config.isDemo()).isFalse();
    assertThat(config.businesses().keySet()).containsExactly("bakery", "florist");
    assertThat(config.businesses().get("bakery"))
        .isEqualTo(
            new Business("bakery", "The Bakery", HASH_A, "es-MX", "512 555 0100", "vapi", null));
    assertThat(config.businesses().get("florist"))
        .isEqualTo(new Business("florist", "florist", null, null, null, null, null));
    assertThat(config.platformKeys())
        .containsExactly(new PlatformKey(HASH_B, List.of("bakery", "florist")));
  }

  @Test
  void a_trip_policy_is_a_rate_over_calls_or_over_time_and_may_count_slow_calls() {
    assertThat(policy("{rate: 0.5, calls: 20}")).isEqualTo(TripPolicy.failureRate(0.5, 20));
    assertThat(policy("{rate: 1, period: 30s}"))
        .isEqualTo(TripPolicy.failureRate(1, Duration.ofSeconds(30)));
    assertThat(policy("{rate: 0.5, calls: 20, slowerThan: 4s}"))
        .isEqualTo(TripPolicy.slowCalls(0.5, Duration.ofSeconds(4), 20));
    assertThat(policy("{rate: 0.5, period: 1m, slowerThan: 4s}"))
        .isEqualTo(TripPolicy.slowCalls(0.5, Duration.ofSeconds(4), Duration.ofMinutes(1)));
  }

  private static TripPolicy policy(String yaml) {
    return load("breaker: {tripPolicy: " + yaml + "}").breaker().tripPolicy();
  }

  @Test
  void a_first_speech_shorter_than_the_default_stall_shortens_it() {
    Deadlines deadlines = load("deadlines: {firstSpeech: 2s}").deadlines();

    assertThat(deadlines.stall()).isEqualTo(Duration.ofSeconds(2));
  }

  @Test
  void a_business_may_bring_its_own_sentences_in_any_language() {
    GatewayConfig config =
        load(
            SMALLEST
                + """
                    language: fr-FR
                    fallbacks:
                      fr:
                        systemError: Pardon, rappelez-nous plus tard.
                        timeout: [Pardon, un instant., Un petit instant.]
                        circuitOpen: Pardon, rappelez-nous dans un moment.
                """
                    .indent(0));

    Business bakery = Objects.requireNonNull(config.businesses().get("bakery"));
    assertThat(
            Objects.requireNonNull(bakery.fallbacks())
                .getFallbackResponse(FallbackType.SYSTEM_ERROR, "fr-FR")
                .text())
        .isEqualTo("Pardon, rappelez-nous plus tard.");
  }

  @Test
  void an_anchor_may_be_shared() {
    GatewayConfig config =
        load(
            """
            upstreams: [{name: main, url: http://127.0.0.1:1/v1}]
            businesses:
              - id: a
                apiKeySha256: %s
                fallbacks: &shared
                  en-US: {timeout: "Sorry, please call {phone}."}
              - id: b
                apiKeySha256: %s
                fallbacks: *shared
            """
                .formatted(HASH_A, HASH_B));

    assertThat(config.businesses().values()).allMatch(business -> business.fallbacks() != null);
  }

  @Test
  void plain_numbers_and_words_are_texts_where_a_text_is_asked_for() {
    Business business =
        load(SMALLEST + "    name: 0123\n    phone: 5125550100\n    platform: yes\n")
            .businesses()
            .get("bakery");

    assertThat(business)
        .isEqualTo(new Business("bakery", "0123", HASH_A, null, "5125550100", "yes", null));
  }
}
