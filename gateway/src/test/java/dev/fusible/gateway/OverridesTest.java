package dev.fusible.gateway;

import static dev.fusible.gateway.Configurations.HASH_A;
import static dev.fusible.gateway.Configurations.HASH_B;
import static dev.fusible.gateway.Configurations.SMALLEST;
import static dev.fusible.gateway.Configurations.complaintsOf;
import static dev.fusible.gateway.Configurations.load;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.TripPolicy;
import dev.fusible.gateway.GatewayConfig.PlatformKey;
import dev.fusible.gateway.GatewayConfig.Secret;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OverridesTest {

  @Test
  void flags_override_variables_and_variables_override_the_file() {
    String yaml = "server: {port: 1001, adminPort: 1002, host: file}";
    Map<String, String> environment =
        Map.of("FUSIBLE_SERVER_PORT", "2001", "FUSIBLE_SERVER_ADMIN_PORT", "2002");

    GatewayConfig config = load(yaml, environment, flag("server.port", "3001"));

    assertThat(config.server().port()).isEqualTo(3001);
    assertThat(config.server().adminPort()).isEqualTo(2002);
    assertThat(config.server().host()).isEqualTo("file");
  }

  @Test
  void the_last_flag_counts() {
    GatewayConfig config = load("", Map.of(), flag("server.port", "1"), flag("server.port", "2"));

    assertThat(config.server().port()).isEqualTo(2);
  }

  @Test
  void an_item_of_a_list_is_changed_where_it_is() {
    GatewayConfig config =
        load(
            SMALLEST,
            Map.of(
                "FUSIBLE_UPSTREAMS_0_API_KEY", "sk-env",
                "FUSIBLE_UPSTREAMS_0_MODELS", "gpt-a, gpt-b",
                "FUSIBLE_UPSTREAMS_0_DROP_FIELDS_0", "store",
                "FUSIBLE_BUSINESSES_0_API_KEY_SHA256", HASH_B),
            flag("upstreams[0].name", "other"),
            flag("upstreams.0.models.1", "gpt-c"));

    GatewayConfig.Upstream upstream = Objects.requireNonNull(config.upstream());
    assertThat(upstream.name()).isEqualTo("other");
    assertThat(upstream.url()).hasToString("https://llm.example/v1");
    assertThat(upstream.apiKey()).isEqualTo(new Secret("sk-env"));
    assertThat(upstream.models()).containsExactly("gpt-a", "gpt-c");
    assertThat(upstream.dropFields()).containsExactly("store");
    assertThat(config.businesses().get("bakery").apiKeySha256()).isEqualTo(HASH_B);
  }

  @Test
  void variables_alone_can_say_everything_but_the_sentences() {
    Map<String, String> environment = new HashMap<>();
    environment.put("FUSIBLE_UPSTREAMS_0_NAME", "main");
    environment.put("FUSIBLE_UPSTREAMS_0_URL", "https://llm.example/v1");
    for (int i = 0; i <= 10; i++) {
      environment.put("FUSIBLE_BUSINESSES_" + i + "_ID", "shop-" + i);
    }
    environment.put("FUSIBLE_PLATFORM_KEYS_0_API_KEY_SHA256", HASH_A);
    environment.put(
        "FUSIBLE_PLATFORM_KEYS_0_BUSINESSES",
        "shop-0,shop-1,shop-2,shop-3,shop-4,shop-5,shop-6,shop-7,shop-8,shop-9,shop-10");
    environment.put("FUSIBLE_BREAKER_TRIP_POLICY_RATE", "0.5");
    environment.put("FUSIBLE_BREAKER_TRIP_POLICY_CALLS", "20");

    GatewayConfig config = load("", environment);

    assertThat(config.businesses().keySet()).hasSize(11).endsWith("shop-10");
    assertThat(config.platformKeys()).extracting(PlatformKey::apiKeySha256).containsExactly(HASH_A);
    assertThat(config.breaker().tripPolicy()).isEqualTo(TripPolicy.failureRate(0.5, 20));
  }

  @Test
  void a_trip_policy_replaces_one_of_another_form() {
    String rate = "breaker: {tripPolicy: {rate: 0.5, calls: 20}}";

    assertThat(
            load(rate, Map.of("FUSIBLE_BREAKER_TRIP_POLICY", "consecutiveFailures"))
                .breaker()
                .tripPolicy())
        .isEqualTo(TripPolicy.consecutiveFailures());
    assertThat(load(rate, Map.of("FUSIBLE_BREAKER_TRIP_POLICY_CALLS", "30")).breaker().tripPolicy())
        .isEqualTo(TripPolicy.failureRate(0.5, 30));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          FUSIBLE_SERVER_PORT         | http | server.port: must be a port from 1 to 65535, or 0 for any free one
          FUSIBLE_SERVER_ADMIN_TOKEN  | ' '  | server.adminToken: is empty; give it a value or leave it out
          FUSIBLE_SERVER_ADMIN_HOST   | ::   | server.adminHost: is not loopback, where operators must show a token; set server.adminToken (FUSIBLE_SERVER_ADMIN_TOKEN), or bind to 127.0.0.1
          FUSIBLE_DEADLINES_HEDGE_AFTER | 2s | deadlines.hedgeAfter: is not available: hedging needs a second upstream, which this version does not take yet; remove the key
          FUSIBLE_UPSTREAMS_1_URL     | x    | upstreams[1].url: skips an item; the items of a list count from 0
          FUSIBLE_SERVER_PROT         | 1    | sets nothing; did you mean FUSIBLE_SERVER_PORT? If not, unset it
          FUSIBLE_PORT                | 8080 | sets nothing; did you mean FUSIBLE_SERVER_PORT? If not, unset it
          FUSIBLE_API_KEY             | sk   | sets nothing; did you mean FUSIBLE_UPSTREAMS_0_API_KEY? If not, unset it
          FUSIBLE_UPSTREAM_0_APIKEY   | sk   | sets nothing; did you mean FUSIBLE_UPSTREAMS_0_API_KEY? If not, unset it
          FUSIBLE_COLOUR_OF_THE_HOUSE | red  | sets nothing; unset it
          FUSIBLE_BUSINESSES_0_FALLBACKS_ES_TIMEOUT | x | sets nothing: sentences can only be set in the file
          """)
  void a_complaint_names_the_variable(String variable, String value, String complaint) {
    assertThat(complaintsOf("", Map.of(variable, value)))
        .containsExactly(variable + ": " + complaint);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          server.port | http | must be a port from 1 to 65535, or 0 for any free one
          server.prot | 1    | sets an unknown key; did you mean server.port?
          colour      | red  | sets an unknown key; see docs/configuration.md
          port        | 1    | sets an unknown key; did you mean server.port?
          apiKey      | sk   | sets an unknown key; did you mean upstreams.0.apiKey?
          server      | x    | sets an unknown key; see docs/configuration.md
          businesses.0.fallbacks.es.timeout | x | sets an unknown key; sentences can only be set in the file
          """)
  void a_complaint_names_the_flag(String path, String value, String complaint) {
    assertThat(complaintsOf("", Map.of(), flag(path, value)))
        .containsExactly("--set " + path + ": " + complaint);
  }

  @Test
  void variables_are_complained_of_also_when_the_file_is_no_yaml() {
    assertThat(complaintsOf("server: {", Map.of("FUSIBLE_NONSENSE_AND_MORE", "1")))
        .hasSize(2)
        .last()
        .isEqualTo("FUSIBLE_NONSENSE_AND_MORE: sets nothing; unset it");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "FUSIBLE_PORT=tcp://10.0.0.1:8080",
        "FUSIBLE_SERVER_PORT=tcp://10.0.0.1:8080",
        "FUSIBLE_PORT_8080_TCP=tcp://10.0.0.1:8080",
        "FUSIBLE_PORT_8080_TCP_PROTO=tcp",
        "FUSIBLE_SERVICE_HOST=10.0.0.1",
        "FUSIBLE_SERVICE_PORT=8080",
        "FUSIBLE_GATEWAY_SERVICE_PORT_ADMIN=8081",
        "FUSIBLE_JAVA_OPTS=-Xmx1g",
        "FUSIBLE_TEST_PG_URL=jdbc:postgresql://localhost/test",
        "PATH=/bin"
      })
  void variables_that_others_set_are_left_alone(String assignment) {
    String[] nameAndValue = assignment.split("=", 2);

    GatewayConfig config = load("", Map.of(nameAndValue[0], nameAndValue[1]));

    assertThat(config.server().port()).isEqualTo(8080);
  }

  @Test
  void every_setting_has_a_variable_of_its_own() {
    List<String> variables = ConfigKeys.settable().map(ConfigKeys::variable).toList();

    assertThat(variables)
        .doesNotHaveDuplicates()
        .contains(
            "FUSIBLE_SERVER_ADMIN_TOKEN",
            "FUSIBLE_BREAKER_FAILURE_THRESHOLD",
            "FUSIBLE_UPSTREAMS_#_API_KEY",
            "FUSIBLE_PLATFORM_KEYS_#_BUSINESSES_#");
  }

  private static Overrides.Flag flag(String path, String value) {
    return new Overrides.Flag(path, value, "--set " + path);
  }
}
