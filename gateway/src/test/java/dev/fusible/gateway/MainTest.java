package dev.fusible.gateway;

import static dev.fusible.gateway.Configurations.HASH_A;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MainTest {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void help_names_every_command_and_option() {
    assertThat(run("--help")).isZero();
    assertThat(out.toString())
        .contains("run", "check", "--config=FILE", "--host", "--port", "--admin-host")
        .contains("--admin-port", "--store", "--set=KEY=VALUE", "--version");
  }

  @Test
  void the_version_is_the_builds() {
    assertThat(run("--version")).isZero();
    assertThat(out.toString()).containsPattern("^fusible \\d+\\.\\d+\\.\\d+\\S*\\R");
  }

  @Test
  void check_shows_every_value_in_force_and_hides_secrets() {
    Path file =
        Configurations.write(
            """
            server: {adminToken: canary-token}
            upstreams: [{name: main, url: https://llm.example/v1, apiKey: canary-key}]
            businesses: [{id: bakery, name: Panadería, apiKeySha256: %s, phone: 512 555 0100}]
            breaker: {tripPolicy: {rate: 0.5, calls: 20}}
            """
                .formatted(HASH_A));

    assertThat(run("check", "--config", file.toString(), "--port", "9090")).isZero();
    assertThat(out.toString())
        .isEqualTo(
            """
            server:
              host: 127.0.0.1
              port: 9090
              adminHost: 127.0.0.1
              adminPort: 8081
              adminToken: '***'
            store: jdbc:sqlite:./data/fusible.db
            breaker:
              failureThreshold: 5
              volumeThreshold: 10
              recoveryTimeout: 30s
              timeout: 8s
              trialPatience: 3s
              recoveryBackoff: 1.0
              maxRecoveryTimeout: 5m
              tripPolicy: rate 0.5 of the last 20 calls
            deadlines:
              firstSpeech: 4.5s
              stall: 3s
              answer: 8s
            upstreams:
              - name: main
                kind: openai
                url: https://llm.example/v1
                apiKey: '***'
            businesses:
              - id: bakery
                name: Panadería
                apiKeySha256: '***'
                phone: 512 555 0100
            platformKeys: []
            """);
  }

  @Test
  void options_may_stand_before_the_command() {
    assertThat(run("--set", "deadlines.answer=7s", "--port", "9090", "check")).isZero();
    assertThat(out.toString()).contains("port: 9090", "answer: 7s");
  }

  @Test
  void a_refused_configuration_ends_with_2_and_everything_that_is_wrong() {
    Path file = Configurations.write("server: {prot: 1}\n");

    assertThat(
            Main.run(
                Map.of("FUSIBLE_SERVER_PORT", "http"),
                new PrintWriter(out),
                new PrintWriter(err),
                "--config",
                file.toString(),
                "--admin-port=x",
                "--set",
                "deadlines.stall=0s"))
        .isEqualTo(2);
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString())
        .isEqualTo(
            file
                + """
                 is refused:
                  line 1: server.prot: is an unknown key; did you mean port?
                  FUSIBLE_SERVER_PORT: server.port: must be a port from 1 to 65535, or 0 for any free one
                  --admin-port: server.adminPort: must be a port from 1 to 65535, or 0 for any free one
                  --set deadlines.stall: must be longer than zero, such as 500ms, 30s or 5m
                """);
  }

  @Test
  void secrets_of_a_refused_configuration_are_not_repeated() {
    Path file =
        Configurations.write(
            """
            server: {adminToken: canary token, port: canary}
            store: jdbc:canary
            upstreams:
              - {name: canary name, kind: canary, url: "https://canary:canary@llm/v1", apiKey: canary key}
            businesses:
              - {id: canary id, apiKeySha256: canary, language: canary, phone: "{canary}"}
            platformKeys: [{apiKeySha256: sk-canary, businesses: [canary]}]
            breaker: {timeout: canary, tripPolicy: canary}
            """);

    assertThat(run("check", "--config", file.toString(), "--set", "server.host=canary host"))
        .isEqualTo(2);
    assertThat(err.toString().lines()).hasSizeGreaterThan(14);
    assertThat(err.toString()).doesNotContain("canary");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --apikey=canary | unknown option --apikey
          canary          | an argument that is no command
          --port          | write --port PORT, once
          --set=canary    | write --set KEY=VALUE, once
          """)
  void a_wrong_command_line_ends_with_2_and_repeats_no_value(String argument, String problem) {
    assertThat(run(argument)).isEqualTo(2);
    assertThat(err.toString())
        .isEqualTo("fusible: " + problem + "; see fusible --help" + System.lineSeparator());
  }

  private int run(String... args) {
    return Main.run(Map.of(), new PrintWriter(out), new PrintWriter(err), args);
  }
}
