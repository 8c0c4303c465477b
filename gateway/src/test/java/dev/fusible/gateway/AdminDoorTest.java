package dev.fusible.gateway;

import static dev.fusible.gateway.RunningGateway.CLINIC;
import static dev.fusible.gateway.RunningGateway.PLUMBER;
import static dev.fusible.gateway.RunningGateway.TACOS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusible.gateway.RunningGateway.Answer;
import dev.fusible.testkit.Fault;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What operators see and do. */
class AdminDoorTest {

  private RunningGateway run = new RunningGateway();

  @AfterEach
  void close() {
    run.close();
  }

  private static final String REASON = "{\"reason\":\"maintenance\"}";

  @Test
  void circuits_are_listed_page_by_page() {
    JsonNode first = run.get("/admin/circuits?limit=2").json();
    assertThat(first.path("circuits").findValuesAsText("businessId"))
        .containsExactly(PLUMBER, CLINIC);

    JsonNode second =
        run.get("/admin/circuits?limit=2&cursor=" + first.path("cursor").asText()).json();
    assertThat(second.path("circuits").findValuesAsText("businessId"))
        .containsExactly(TACOS, "upstream:llm");
    assertThat(second.path("cursor").isNull()).isTrue();
  }

  @Test
  void circuits_are_found_by_state_and_by_part_of_a_name() {
    run.post("/admin/circuits/" + TACOS + "/force-open", REASON);

    assertThat(ids("/admin/circuits?state=OPEN")).containsExactly(TACOS);
    assertThat(ids("/admin/circuits?state=closed"))
        .containsExactly(PLUMBER, CLINIC, "upstream:llm");
    assertThat(ids("/admin/circuits?q=cl%C3%ADnica")).containsExactly(CLINIC);
    assertThat(ids("/admin/circuits?q=%25")).isEmpty();
  }

  private java.util.List<String> ids(String path) {
    return run.get(path).json().path("circuits").findValuesAsText("businessId");
  }

  @ParameterizedTest
  @ValueSource(strings = {"state=AJAR", "limit=0", "limit=1001", "limit=x"})
  void a_wrong_parameter_is_named(String query) {
    Answer answer = run.get("/admin/circuits?" + query);

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().at("/error/message").asText())
        .startsWith(query.substring(0, query.indexOf('=')));
  }

  @Test
  void a_circuit_tells_what_it_knows() {
    run.upstream.fault(Fault.ERROR);
    for (int i = 0; i < 10; i++) {
      run.say(CLINIC, false);
    }

    JsonNode circuit = run.circuit(CLINIC);

    assertThat(circuit.path("businessId").asText()).isEqualTo(CLINIC);
    assertThat(circuit.path("state").asText()).isEqualTo("OPEN");
    assertThat(circuit.path("failureCount").asInt()).isEqualTo(10);
    assertThat(circuit.path("lastStateChange").asText()).startsWith("2026-01-01T");
    assertThat(circuit.path("retryAfter").asDouble()).isEqualTo(30.0);
    assertThat(circuit.path("lastError").asText()).isEqualTo("ServerError");
    assertThat(circuit.at("/metrics/failedExecutions").asInt()).isEqualTo(10);
    assertThat(run.circuit(PLUMBER).path("retryAfter").isNull()).isTrue();
    assertThat(run.get("/admin/circuits/nobody").status()).isEqualTo(404);
  }

  @Test
  void an_order_holds_until_reset() {
    assertThat(
            run.post("/admin/circuits/" + CLINIC + "/force-open", REASON)
                .json()
                .path("hold")
                .asText())
        .isEqualTo("OPEN");
    Answer refused = run.say(CLINIC, false);
    assertThat(refused.header("X-Fusible-Fallback")).isEqualTo("circuit_open");
    assertThat(run.upstream.requests()).isZero();

    run.post("/admin/circuits/" + CLINIC + "/force-closed", REASON);
    run.upstream.fault(Fault.ERROR);
    for (int i = 0; i < 15; i++) {
      run.say(CLINIC, false);
    }
    assertThat(run.state(CLINIC)).isEqualTo("CLOSED");

    run.post("/admin/circuits/" + CLINIC + "/reset", REASON);
    assertThat(run.circuit(CLINIC).path("failureCount").asInt()).isZero();
    assertThat(run.circuit(CLINIC).path("hold").asText()).isEqualTo("NONE");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{}", "{\"reason\":\" \"}", "reason"})
  void an_order_without_a_reason_is_refused(String body) {
    assertThat(run.post("/admin/circuits/" + CLINIC + "/force-open", body).status()).isEqualTo(400);
    assertThat(run.state(CLINIC)).isEqualTo("CLOSED");
  }

  @Test
  void events_come_as_they_happen() throws Exception {
    InputStream events =
        run.http
            .send(run.adminRequest("/admin/events").build(), BodyHandlers.ofInputStream())
            .body();
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(events, StandardCharsets.UTF_8))) {
      assertThat(lines.readLine()).startsWith(":");
      run.post("/admin/circuits/" + CLINIC + "/force-open", REASON);

      lines.readLine();
      JsonNode event = RunningGateway.parse(lines.readLine().substring(6));
      assertThat(event.path("event").asText()).isEqualTo("state_change");
      assertThat(event.path("businessId").asText()).isEqualTo(CLINIC);
      assertThat(event.path("to").asText()).isEqualTo("OPEN");
      assertThat(event.path("reason").asText()).isEqualTo("maintenance");
    }
  }

  @Test
  void health_readiness_and_metrics_are_told() {
    run.upstream.fault(Fault.ERROR);
    run.say(CLINIC, true);

    assertThat(run.get("/healthz").json().path("status").asText()).isEqualTo("ok");
    assertThat(run.get("/readyz").json().path("status").asText()).isEqualTo("ready");
    await()
        .untilAsserted(
            () ->
                assertThat(run.get("/metrics").body())
                    .contains(
                        "fusible_calls_total{outcome=\"failure\"} 1.0",
                        "fusible_fallbacks_total{language=\"es-MX\",type=\"system_error\"} 1.0",
                        "fusible_circuits{state=\"closed\"} 4.0",
                        "fusible_dead_air_seconds_count 1",
                        "fusible_store_degraded 0.0",
                        "fusible_late_results_total 0.0")
                    .contains("fusible_store_operations_seconds_count"));
  }

  @Test
  void a_page_of_somebody_elses_is_kept_out() {
    assertThat(
            run.send(
                    run.adminRequest("/admin/circuits/" + CLINIC + "/force-open")
                        .header("Origin", "https://evil.example")
                        .POST(BodyPublishers.ofString(REASON))
                        .build())
                .join()
                .status())
        .isEqualTo(403);
    assertThat(run.state(CLINIC)).isEqualTo("CLOSED");
  }

  @Test
  void a_token_is_asked_for_where_there_is_one() {
    run.close();
    run = new RunningGateway("operators-token", null);

    assertThat(run.get("/admin/circuits").status()).isEqualTo(401);
    assertThat(run.get("/metrics").status()).isEqualTo(401);
    assertThat(run.get("/healthz").status()).isEqualTo(200);
    assertThat(run.get("/readyz").status()).isEqualTo(200);
    assertThat(
            run.send(
                    run.adminRequest("/admin/circuits")
                        .header("Authorization", "Bearer operators-token")
                        .build())
                .join()
                .status())
        .isEqualTo(200);
  }

  @Test
  void the_demos_fault_is_there_in_the_demo_only() {
    assertThat(run.post("/demo/fault", "{\"kind\":\"hang\"}").status()).isEqualTo(404);
  }
}
