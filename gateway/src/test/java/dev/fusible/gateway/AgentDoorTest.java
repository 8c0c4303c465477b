package dev.fusible.gateway;

import static dev.fusible.gateway.RunningGateway.CLINIC;
import static dev.fusible.gateway.RunningGateway.PLUMBER;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.gateway.RunningGateway.Answer;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is let in, and with what. */
class AgentDoorTest {

  private final RunningGateway run = new RunningGateway();

  @AfterEach
  void close() {
    run.close();
  }

  private void assertError(Answer answer, int status, String code) {
    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.json().at("/error/code").asText()).isEqualTo(code);
    assertThat(answer.header("x-should-retry")).isEqualTo("false");
  }

  private Answer as(String key, String businessId) {
    var request =
        run.request("/v1/chat/completions")
            .header("Authorization", "Bearer " + key)
            .POST(BodyPublishers.ofString(RunningGateway.body(false)));
    return run.send(
            (businessId == null ? request : request.header("X-Business-Id", businessId)).build())
        .join();
  }

  @ParameterizedTest
  @ValueSource(strings = {"nobodys-key", "key-clinica-sonris", "key-clinica-sonrisa2", ""})
  void an_unknown_key_is_401(String key) {
    assertError(as(key, null), 401, "invalid_api_key");
    assertThat(run.upstream.requests()).isZero();
  }

  @Test
  void for_a_businesss_own_key_the_header_is_ignored() {
    assertThat(as("key-" + CLINIC, PLUMBER).status()).isEqualTo(200);

    assertThat(run.circuit(CLINIC).at("/metrics/totalExecutions").asInt()).isEqualTo(1);
    assertThat(run.circuit(PLUMBER).at("/metrics/totalExecutions").asInt()).isZero();
  }

  @Test
  void a_platform_acts_for_its_businesses_alone() {
    assertThat(as("platform-key", CLINIC).status()).isEqualTo(200);
    assertThat(run.circuit(CLINIC).at("/metrics/totalExecutions").asInt()).isEqualTo(1);
    assertError(as("platform-key", PLUMBER), 403, "business_not_allowed");
    assertError(as("platform-key", "nobody"), 403, "business_not_allowed");
    assertError(as("platform-key", "not an id"), 400, "invalid_business_id");
    assertError(as("platform-key", null), 400, "invalid_business_id");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''",
        "not json",
        "[]",
        "{}",
        "{\"messages\":[]}",
        "{\"messages\":\"hi\"}",
        "{\"messages\":[{}],\"stream\":\"yes\"}",
        "{\"messages\":[{}]} trailing"
      })
  void a_body_that_is_no_chat_completion_is_400(String body) {
    assertError(
        run.send(run.chatRequest(CLINIC, false).POST(BodyPublishers.ofString(body)).build()).join(),
        400,
        "invalid_request");
  }

  @Test
  void a_request_of_more_than_8_MiB_is_413() {
    String body = "{\"messages\":[{\"content\":\"" + "x".repeat(8 * 1024 * 1024) + "\"}]}";

    assertError(
        run.send(run.chatRequest(CLINIC, false).POST(BodyPublishers.ofString(body)).build()).join(),
        413,
        "request_too_large");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/chat/completions", "/chat/completions"})
  void chat_completions_have_both_addresses(String path) {
    Answer answer =
        run.send(
                run.request(path)
                    .header("Authorization", "Bearer key-" + CLINIC)
                    .POST(BodyPublishers.ofString(RunningGateway.body(true)))
                    .build())
            .join();

    assertThat(answer.words()).isNotBlank();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/models", "/models"})
  void models_are_the_upstreams_own(String path) {
    Answer answer =
        run.send(run.request(path).header("Authorization", "Bearer key-" + CLINIC).build()).join();

    assertThat(answer.json().at("/data/0/id").asText()).isNotBlank();
    assertError(run.send(run.request(path).build()).join(), 401, "invalid_api_key");
  }

  @Test
  void anything_else_is_404() {
    assertError(run.send(run.request("/v1/embeddings").build()).join(), 404, "not_found");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: -1\r\n",
        "Bad Header: x\r\n"
      })
  void smuggled_requests_are_refused(String headers) throws Exception {
    try (Socket socket = new Socket("127.0.0.1", run.gateway.port())) {
      socket.setSoTimeout(5_000);
      OutputStream out = socket.getOutputStream();
      out.write(
          ("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key-"
                  + CLINIC
                  + "\r\n"
                  + headers
                  + "\r\n{}{}{}")
              .getBytes(StandardCharsets.US_ASCII));
      InputStream in = socket.getInputStream();
      String answer = new String(in.readNBytes(12), StandardCharsets.US_ASCII);
      assertThat(answer).isIn("HTTP/1.1 400", "");
    }
    assertThat(run.upstream.requests()).isZero();
  }
}
