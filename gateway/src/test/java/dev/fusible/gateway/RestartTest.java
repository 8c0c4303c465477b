package dev.fusible.gateway;

import static dev.fusible.gateway.RunningGateway.CLINIC;
import static dev.fusible.gateway.RunningGateway.TACOS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.TimeSource;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.Test;

class RestartTest {

  @Test
  void what_was_open_is_open_for_the_first_caller_after_a_restart() throws Exception {
    try (RunningGateway first = new RunningGateway()) {
      first.post("/admin/circuits/" + CLINIC + "/force-open", "{\"reason\":\"maintenance\"}");
      first.gateway.close();
      GatewayConfig config =
          RunningGateway.config(first.folder, URI.create(first.upstream.url()), null);

      try (Gateway second = Gateway.start(config, TimeSource.system())) {
        assertThat(ask(first, second, CLINIC).headers().firstValue("X-Fusible-Fallback"))
            .contains("circuit_open");
        assertThat(first.upstream.requests()).isZero();
        assertThat(ask(first, second, TACOS).headers().firstValue("X-Fusible-Outcome"))
            .contains("upstream");
      }
    }
  }

  @Test
  void rows_are_read_before_anybody_calls() {
    try (RunningGateway gateway = new RunningGateway()) {
      assertThat(gateway.get("/metrics").body())
          .containsPattern("fusible_store_operations_seconds_count\\{.*\"get_many\".*} [1-9]");
    }
  }

  private static HttpResponse<String> ask(RunningGateway first, Gateway second, String business)
      throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + second.port() + "/v1/chat/completions"))
            .header("Authorization", "Bearer key-" + business)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(RunningGateway.body(false)))
            .build();
    return first.http.send(request, BodyHandlers.ofString());
  }
}
