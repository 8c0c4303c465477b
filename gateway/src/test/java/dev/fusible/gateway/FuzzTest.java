package dev.fusible.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusible.gateway.RunningGateway.Answer;
import dev.fusible.testkit.Fault;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.InputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What comes from outside may be anything; what it becomes is one of the things that are meant. */
class FuzzTest {

  private static final String STREAM =
      """
      data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}

      data: {"choices":[{"index":0,"delta":{"content":"Claro, "}}]}

      : keep-alive

      data: {"choices":[{"index":0,"delta":{"content":"tenemos citas"}}]}

      data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"book","arguments":"{\\"day\\":"}}]}}]}

      data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}}]}

      data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

      data: {"choices":[],"usage":{"total_tokens":7}}

      data: [DONE]

      """;

  private static final String WHOLE =
      """
      {"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant",\
      "content":"Claro","tool_calls":[{"id":"c","type":"function","function":{"name":"book",\
      "arguments":"{}"}}]},"finish_reason":"stop"}],"usage":{"total_tokens":7}}""";

  private static final String CONFIG =
      """
      store: jdbc:sqlite:./data/fusible.db
      server:
        port: 8080
        adminPort: 8081
      breaker:
        failureThreshold: 5
        recoveryTimeout: 30s
        tripPolicy: consecutiveFailures
      upstreams:
        - name: main
          kind: openai
          url: https://llm.example/v1
      businesses:
        - {id: bakery, name: "Panadería", apiKeySha256: %s, language: es-MX, phone: 55 5010 0101}
        - id: plumber
          apiKeySha256: %s
      """
          .formatted(Configurations.HASH_A, Configurations.HASH_B);

  @Test
  void a_streamed_answer_is_read_or_is_an_upstreams_failure() {
    Mutations.rounds(
        20_000,
        mutations -> {
          List<Piece.Chunk> pieces = new ArrayList<>();
          ChunkReader reader = new ChunkReader(pieces::add);
          try {
            for (String line : mutations.broken(STREAM).split("\n", -1)) {
              reader.line(line);
            }
            reader.end();
            assertThat(reader.isDone()).isTrue();
          } catch (UpstreamFailure said) {
            assertThat(reader.isDone()).isFalse();
          }
          assertOnlyWholeToolCalls(pieces);
        });
  }

  private static void assertOnlyWholeToolCalls(List<Piece.Chunk> pieces) {
    Map<String, StringBuilder> arguments = new TreeMap<>();
    for (Piece.Chunk piece : pieces) {
      for (JsonNode choice : piece.json().path("choices")) {
        for (JsonNode call : choice.path("delta").path("tool_calls")) {
          arguments
              .computeIfAbsent(
                  choice.path("index").asText() + "/" + call.path("index").asText(),
                  key -> new StringBuilder())
              .append(call.at("/function/arguments").asText(""));
        }
      }
    }
    arguments.values().forEach(text -> assertThat(Json.isObjectOrEmpty(text.toString())).isTrue());
  }

  @Test
  void a_whole_answer_is_read_or_is_an_upstreams_failure() {
    Mutations.rounds(
        20_000,
        mutations -> {
          try {
            assertThat(WholeReader.read(Buffer.buffer(mutations.broken(bytes(WHOLE))))).isNotNull();
          } catch (UpstreamFailure said) {
            assertThat(said).isNotNull();
          }
        });
  }

  @Test
  void a_configuration_is_loaded_or_refused_with_a_complaint(@TempDir Path folder) {
    Path file = folder.resolve("fusible.yaml");
    Mutations.rounds(
        1_500,
        mutations -> {
          Files.write(file, mutations.broken(bytes(CONFIG)));
          try {
            assertThat(ConfigLoader.load(file, Map.of(), List.of())).isNotNull();
          } catch (ConfigException refused) {
            assertThat(refused.getMessage().lines().count()).isGreaterThan(1);
            assertThat(refused.getMessage()).doesNotContain("Exception");
          }
        });
  }

  @Test
  void a_request_is_answered_or_its_connection_closed_and_the_next_caller_is_served() {
    try (RunningGateway run = new RunningGateway()) {
      String body = RunningGateway.body(true);
      String request =
          "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer key-"
              + RunningGateway.CLINIC
              + "\r\nContent-Type: application/json\r\nContent-Length: "
              + bytes(body).length
              + "\r\n\r\n"
              + body;
      Mutations.rounds(
          300,
          mutations -> {
            String answer = exchanged(run.gateway.port(), mutations.broken(bytes(request)));
            assertThat(answer).doesNotContain("Exception", "at dev.fusible", "upstream-key");
            assertThat(answer).matches("|(?s)HTTP/1\\.[01] .*|.* 501 Not Implemented\\R(?s).*");
            assertThat(answer).doesNotStartWith("HTTP/1.1 500");
          });
      run.upstream.fault(Fault.NONE);
      assertThat(run.say(RunningGateway.PLUMBER, true).words()).isNotBlank();
    }
  }

  @Test
  void an_operators_request_is_answered_or_its_connection_closed() {
    List<String> requests =
        List.of(
            "GET /admin/circuits?state=OPEN&q=a&limit=10&cursor=x",
            "GET /admin/circuits/" + RunningGateway.CLINIC,
            "GET /readyz",
            "POST /admin/circuits/" + RunningGateway.CLINIC + "/reset");
    try (RunningGateway run = new RunningGateway()) {
      Mutations.rounds(
          300,
          mutations -> {
            String request =
                mutations.oneOf(requests)
                    + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                    + "Content-Type: application/json\r\nContent-Length: 17\r\n\r\n"
                    + "{\"reason\":\"test\"}";
            String answer = exchanged(run.gateway.adminPort(), mutations.broken(bytes(request)));
            assertThat(answer).doesNotContain("Exception", "at dev.fusible");
            assertThat(answer).doesNotStartWith("HTTP/1.1 500");
          });
      assertThat(run.get("/readyz").status()).isEqualTo(200);
    }
  }

  private static String exchanged(int port, byte[] request) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.setSoTimeout(5_000);
      socket.getOutputStream().write(request);
      socket.shutdownOutput();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (SocketException closed) {
      return "";
    } catch (SocketTimeoutException neither) {
      throw new AssertionError("neither answered nor closed", neither);
    }
  }

  @Test
  void whatever_an_upstream_sends_the_agent_gets_an_answer_of_its_protocol() throws IOException {
    AtomicReference<byte[]> response = new AtomicReference<>();
    try (ServerSocket upstream = new ServerSocket(0);
        RunningGateway run =
            new RunningGateway(
                null, URI.create("http://127.0.0.1:" + upstream.getLocalPort() + "/v1"))) {
      Thread answering = new Thread(() -> answerAll(upstream, response));
      answering.setDaemon(true);
      answering.start();
      Mutations.rounds(
          300,
          mutations -> {
            boolean streams = mutations.below(2) == 0;
            response.set(mutations.broken(bytes(response(streams))));
            Answer answer = run.chat(RunningGateway.CLINIC, streams).get(20, TimeUnit.SECONDS);
            assertThat(answer.status()).isIn(200, 400, 413, 422);
            assertThat(answer.streamed() ? answer.chunks() : List.of(answer.json())).isNotEmpty();
            assertThat(answer.streamed()).isEqualTo(streams && answer.status() == 200);
            assertThat(
                    run.post(
                            "/admin/circuits/" + RunningGateway.CLINIC + "/reset",
                            "{\"reason\": \"x\"}")
                        .status())
                .isEqualTo(200);
          });
    }
  }

  private static String response(boolean streams) {
    String body = streams ? STREAM : WHOLE;
    return "HTTP/1.1 200 OK\r\nContent-Type: "
        + (streams ? "text/event-stream" : "application/json")
        + "\r\nContent-Length: "
        + bytes(body).length
        + "\r\nConnection: close\r\n\r\n"
        + body;
  }

  /** Until the socket is closed. */
  private static void answerAll(ServerSocket server, AtomicReference<byte[]> response) {
    while (!server.isClosed()) {
      try (Socket socket = server.accept()) {
        socket.setSoTimeout(2_000);
        readRequest(socket.getInputStream());
        socket.getOutputStream().write(response.get());
        socket.shutdownOutput();
        socket.getInputStream().readAllBytes();
      } catch (IOException abandoned) {
        // The gateway has read enough of it.
      }
    }
  }

  /** Reads to the end of the body, which ends with the only list of messages. */
  private static void readRequest(InputStream in) throws IOException {
    StringBuilder read = new StringBuilder();
    int next;
    while (!read.toString().endsWith("}]}") && (next = in.read()) >= 0) {
      read.append((char) next);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
