package dev.fusible.gateway;

import static dev.fusible.gateway.RunningGateway.CLINIC;
import static dev.fusible.gateway.RunningGateway.PLUMBER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.UnauthorizedException;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import dev.fusible.testkit.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The specification's 3.10, through real HTTP with OpenAI's own Java client. */
@DisplayName("3.10 Fallos en cascada")
class CascadeTest {

  private final RunningGateway run = new RunningGateway();
  private final ExecutorService callers = Executors.newCachedThreadPool();
  private final List<OpenAIClient> clients = new ArrayList<>();
  private final OpenAIClient clinic = client("key-" + CLINIC);
  private final OpenAIClient plumber = client("key-" + PLUMBER);

  private OpenAIClient client(String key) {
    OpenAIClient client =
        OpenAIOkHttpClient.builder()
            .baseUrl("http://127.0.0.1:" + run.gateway.port() + "/v1")
            .apiKey(key)
            .build();
    clients.add(client);
    return client;
  }

  @AfterEach
  void close() {
    clients.forEach(OpenAIClient::close);
    callers.shutdownNow();
    run.close();
  }

  private static ChatCompletionCreateParams turn() {
    return ChatCompletionCreateParams.builder()
        .model("gpt-4o-mini")
        .addUserMessage("Do you have an appointment tomorrow?")
        .build();
  }

  private CompletableFuture<String> listen(OpenAIClient client) {
    return CompletableFuture.supplyAsync(
        () -> {
          try (StreamResponse<ChatCompletionChunk> answer =
              client.chat().completions().createStreaming(turn())) {
            return answer.stream()
                .flatMap(chunk -> chunk.choices().stream())
                .flatMap(choice -> choice.delta().content().stream())
                .collect(Collectors.joining());
          }
        },
        callers);
  }

  private static String ask(OpenAIClient client) {
    return client
        .chat()
        .completions()
        .create(turn())
        .choices()
        .get(0)
        .message()
        .content()
        .orElseThrow();
  }

  @Test
  @DisplayName(
      "Un LLM colgado no arrastra a nadie: todos oyen algo a tiempo y el circuito se recupera")
  void a_hung_model_drags_nobody_down() {
    String healthy = ask(clinic);

    run.upstream.fault(Fault.HANG);
    List<CompletableFuture<String>> turns = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      turns.add(listen(clinic));
    }
    turns.add(listen(plumber));
    await().until(() -> run.upstream.inFlight() == 13);
    run.time.advance(Duration.ofMillis(4_500));
    assertThat(turns).allSatisfy(turn -> assertThat(turn.join()).isNotBlank());
    assertThat(turns.get(12).join()).containsIgnoringCase("directly");

    assertThat(run.state(CLINIC)).isEqualTo("OPEN");
    assertThat(run.state(PLUMBER)).isEqualTo("CLOSED");
    run.upstream.resetCounters();
    assertThat(ask(clinic)).isNotBlank().isNotEqualTo(healthy);
    assertThat(listen(clinic).join()).isNotBlank();
    assertThat(run.upstream.requests()).isZero();

    run.upstream.fault(Fault.NONE);
    assertThat(ask(plumber)).isNotBlank();
    assertThat(ask(clinic)).isNotEqualTo(healthy);
    run.waitForRecovery(CLINIC);
    assertThat(ask(clinic)).isEqualTo(healthy);
    await().until(() -> run.state(CLINIC).equals("CLOSED"));
    assertThat(listen(clinic).join()).isEqualTo(healthy);
    assertThat(run.circuit(PLUMBER).at("/metrics/stateChanges").asInt()).isZero();
  }

  @Test
  @DisplayName("Los fallbacks son amigables")
  void no_client_ever_sees_an_exception_for_what_the_upstream_did() {
    for (Fault fault :
        List.of(Fault.ERROR, Fault.RATE_LIMIT, Fault.HTML, Fault.ERROR_IN_200, Fault.REFUSE)) {
      run.upstream.fault(fault);
      assertThat(ask(plumber)).containsIgnoringCase("directly");
      assertThat(listen(plumber).join()).containsIgnoringCase("directly");
    }
  }

  @Test
  void a_wrong_key_is_told_once_and_not_tried_again() {
    assertThatThrownBy(() -> ask(client("nobodys-key"))).isInstanceOf(UnauthorizedException.class);
  }
}
