package dev.fusible.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FaultyUpstreamTest {

  private static final String ENGLISH =
      "Of course, I would be happy to help. What day and time work best for you?";

  private FaultyUpstream upstream;

  @BeforeEach
  void start() {
    upstream = FaultyUpstream.start();
  }

  @AfterEach
  void stop() {
    upstream.close();
  }

  @Test
  void answersWhole() {
    Call call = Call.of(upstream, false).join();

    assertThat(call.status()).isEqualTo(200);
    JsonNode body = call.json();
    assertThat(body.path("object").asText()).isEqualTo("chat.completion");
    assertThat(body.path("id").asText()).startsWith("chatcmpl-");
    assertThat(body.path("model").asText()).isEqualTo("gpt-x");
    assertThat(body.at("/choices/0/message/role").asText()).isEqualTo("assistant");
    assertThat(body.at("/choices/0/message/content").asText()).isEqualTo(ENGLISH);
    assertThat(body.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
    assertThat(body.at("/usage/total_tokens").asInt()).isEqualTo(7 + 16);
  }

  @Test
  void streamsWordByWordWithRoleFinishUsageAndDone() {
    Call call = Call.of(upstream, true).join();

    assertThat(call.header("content-type")).isEqualTo("text/event-stream");
    List<JsonNode> chunks = call.chunks();
    assertThat(chunks)
        .allSatisfy(
            chunk -> {
              assertThat(chunk.path("object").asText()).isEqualTo("chat.completion.chunk");
              assertThat(chunk.path("choices").isArray()).isTrue();
              assertThat(chunk.path("id")).isEqualTo(chunks.get(0).path("id"));
            });
    assertThat(chunks.get(0).at("/choices/0/delta/role").asText()).isEqualTo("assistant");
    assertThat(chunks.get(0).at("/choices/0/finish_reason").isNull()).isTrue();
    assertThat(chunks.get(1).at("/choices/0/delta/content").asText()).isEqualTo("Of");
    assertThat(call.spoken()).isEqualTo(ENGLISH);
    JsonNode finish = chunks.get(chunks.size() - 2);
    assertThat(finish.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
    JsonNode usage = chunks.get(chunks.size() - 1);
    assertThat(usage.path("choices")).isEmpty();
    assertThat(usage.at("/usage/completion_tokens").asInt()).isEqualTo(16);
    assertThat(call.events()).last().isEqualTo("[DONE]");
  }

  @Test
  void leavesTheUsageOutOfAStreamThatDidNotAskForIt() {
    Call call = Call.post(upstream, "{\"stream\":true,\"messages\":[]}").join();

    assertThat(call.text()).doesNotContain("usage");
    assertThat(call.chunks().get(0).path("model").asText()).isEqualTo("fusible-demo");
  }

  @ParameterizedTest
  @CsvSource({
    "Hola quiero una cita, Claro",
    "¿Me atienden?, Claro",
    "Good morning, Of course",
    "'', Of course"
  })
  void answersInTheLanguageOfTheLastUserMessage(String says, String beginning) {
    assertThat(Call.of(upstream, true, says).join().spoken()).startsWith(beginning);
  }

  @Test
  void readsContentInParts() {
    Call call =
        Call.post(
                upstream,
                """
                {"messages":[{"role":"user","content":[{"type":"text","text":"una cita"}]}]}""")
            .join();

    assertThat(call.text()).contains("Claro");
  }

  @Test
  void saysWhatItWasToldUnderTheModelItWasTold() {
    upstream.answer("One two").model("other");

    assertThat(Call.of(upstream, true).join().spoken()).isEqualTo("One two");
    assertThat(Call.of(upstream, false).join().json().path("model").asText()).isEqualTo("other");
    assertThat(Call.get(upstream.url() + "/models").join().json().at("/data/0/id").asText())
        .isEqualTo("other");
    assertThatIllegalArgumentException().isThrownBy(() -> upstream.answer(""));
  }

  @Test
  void streamsAToolCallInSeveralDeltas() {
    upstream.toolCall("book", "{\"day\":\"monday\"}");

    Call call = Call.of(upstream, true).join();

    StringBuilder arguments = new StringBuilder();
    int pieces = 0;
    for (JsonNode chunk : call.chunks()) {
      String piece = chunk.at("/choices/0/delta/tool_calls/0/function/arguments").asText("");
      arguments.append(piece);
      pieces += piece.isEmpty() ? 0 : 1;
    }
    assertThat(arguments).hasToString("{\"day\":\"monday\"}");
    assertThat(pieces).isGreaterThan(2);
    assertThat(call.chunks().get(1).at("/choices/0/delta/tool_calls/0/function/name").asText())
        .isEqualTo("book");
    assertThat(call.text()).contains("\"finish_reason\":\"tool_calls\"");
  }

  @Test
  void answersAToolCallWholeAndItsResultWithWords() {
    upstream.toolCall("book", "{}");

    JsonNode message = Call.of(upstream, false).join().json().at("/choices/0/message");
    assertThat(message.at("/tool_calls/0/function/name").asText()).isEqualTo("book");
    assertThat(message.path("content").isNull()).isTrue();

    Call after = Call.post(upstream, "{\"messages\":[{\"role\":\"tool\",\"content\":\"ok\"}]}");
    assertThat(after.join().json().at("/choices/0/message/content").asText()).isEqualTo(ENGLISH);
  }

  @ParameterizedTest
  @CsvSource({
    "ERROR, 500, server_error, ''",
    "RATE_LIMIT, 429, rate_limit_error, rate_limit_exceeded",
    "UNAUTHORIZED, 401, invalid_request_error, invalid_api_key",
    "BAD_REQUEST, 400, invalid_request_error, ''",
    "CONTENT_FILTER, 400, invalid_request_error, content_filter",
    "UNKNOWN_MODEL, 404, invalid_request_error, model_not_found"
  })
  void answersWithAnError(Fault fault, int status, String type, String code) {
    upstream.fault(fault);

    Call call = Call.of(upstream, true).join();

    assertThat(call.status()).isEqualTo(status);
    assertThat(call.json().at("/error/type").asText()).isEqualTo(type);
    assertThat(call.json().at("/error/code").asText("")).isEqualTo(code);
    assertThat(call.header("retry-after")).isEqualTo(status == 429 ? "20" : "");
  }

  @Test
  void sendsAWebPage() {
    upstream.fault(Fault.HTML);

    Call call = Call.of(upstream, true).join();

    assertThat(call.status()).isEqualTo(200);
    assertThat(call.header("content-type")).startsWith("text/html");
    assertThat(call.text()).startsWith("<!doctype html>");
  }

  @Test
  void sendsAnErrorIn200() {
    upstream.fault(Fault.ERROR_IN_200);

    Call streamed = Call.of(upstream, true).join();
    assertThat(streamed.status()).isEqualTo(200);
    assertThat(streamed.chunks()).hasSize(1);
    assertThat(streamed.chunks().get(0).has("error")).isTrue();
    Call whole = Call.of(upstream, false).join();
    assertThat(whole.status()).isEqualTo(200);
    assertThat(whole.json().has("error")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void hangsUntilTheClientHangsUpAndCountsIt(boolean stream) {
    upstream.fault(Fault.HANG);

    Call call = Call.of(upstream, stream);

    await().until(() -> upstream.inFlight() == 1);
    assertThat(call.status()).isZero();
    call.hangUp();
    await().until(() -> upstream.cancelled() == 1);
    assertThat(upstream.inFlight()).isZero();
  }

  @Test
  void speaksLateWhenSlowWithItsRoleAtOnce() {
    upstream.fault(Fault.SLOW).slowBy(Duration.ofMillis(400));
    long begun = System.nanoTime();

    Call streamed = Call.of(upstream, true);
    Call whole = Call.of(upstream, false);

    await().until(() -> streamed.chunks().size() == 1);
    assertThat(streamed.spoken()).isEmpty();
    assertThat(whole.status()).isZero();
    assertThat(streamed.join().spoken()).isEqualTo(ENGLISH);
    assertThat(streamed.events()).last().isEqualTo("[DONE]");
    assertThat(whole.join().json().path("object").asText()).isEqualTo("chat.completion");
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThan(Duration.ofMillis(390));
  }

  @Test
  void cutsAStreamAfterTwoWords() {
    upstream.fault(Fault.CUT);

    Call call = Call.of(upstream, true);

    await().until(call::hasFailed);
    assertThat(call.spoken()).isEqualTo("Of course,");
    assertThat(call.text()).doesNotContain("[DONE]");
    assertThat(upstream.cancelled()).isZero();
  }

  @Test
  void cutsABodyInTheMiddle() {
    upstream.fault(Fault.CUT);

    Call call = Call.of(upstream, false);

    await().until(call::hasFailed);
    assertThat(call.status()).isEqualTo(200);
    assertThat(call.bytes()).isPositive();
    assertThat(upstream.inFlight()).isZero();
  }

  @Test
  void cutsAToolCallInItsArguments() {
    upstream.fault(Fault.CUT).toolCall("book", "{\"day\":\"monday\"}");

    Call call = Call.of(upstream, true);

    await().until(call::hasFailed);
    assertThat(call.text()).contains("book").doesNotContain("finish_reason\":\"tool_calls");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void stallsAfterSomeWords(boolean stream) {
    upstream.fault(Fault.STALL);

    Call call = Call.of(upstream, stream);

    await().until(() -> stream ? call.chunks().size() == 6 : call.bytes() > 0);
    assertThat(call.isDone()).isFalse();
    call.hangUp();
    await().until(() -> upstream.cancelled() == 1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void dripsToTheEnd(boolean stream) {
    upstream.fault(Fault.DRIP).dripEvery(Duration.ofMillis(50)).answer("one two three four");
    long begun = System.nanoTime();

    Call call = Call.of(upstream, stream).join();

    assertThat(call.text()).contains("four");
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThan(Duration.ofMillis(145));
  }

  @Test
  void speaksAtItsPace() {
    upstream.pace(Duration.ofMillis(30)).answer("one two three");
    long begun = System.nanoTime();

    assertThat(Call.of(upstream, true).join().spoken()).isEqualTo("one two three");
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThan(Duration.ofMillis(58));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void keepsAliveWithoutContent(boolean stream) {
    upstream.fault(Fault.KEEP_ALIVE);

    Call call = Call.of(upstream, stream);

    await().until(() -> stream ? call.text().split("keep-alive").length > 2 : call.bytes() > 3);
    assertThat(call.status()).isEqualTo(200);
    assertThat(stream ? call.spoken() : call.text()).isBlank();
    call.hangUp();
    await().until(() -> upstream.cancelled() == 1);
  }

  @Test
  void closesBeforeAnyByte() {
    upstream.fault(Fault.REFUSE);

    Call call = Call.of(upstream, true);

    await().until(call::hasFailed);
    assertThat(call.status()).isZero();
    assertThat(upstream.requests()).isPositive();
    assertThat(upstream.cancelled()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"HUGE, true", "HUGE, false", "LONG_LINE, true", "LONG_LINE, false"})
  void neverEnds(Fault fault, boolean stream) {
    upstream.fault(fault);

    Call call = Call.of(upstream, stream);

    await().until(() -> call.bytes() > 3_000_000);
    boolean lines = fault == Fault.HUGE && stream;
    assertThat(call.text().lines().count() > 1).isEqualTo(lines);
    call.hangUp();
    await().until(() -> upstream.cancelled() == 1);
  }

  @Test
  void breaksTheNextRequestOnly() {
    upstream.faultOnce(Fault.ERROR);

    assertThat(Call.of(upstream, true).join().status()).isEqualTo(500);
    assertThat(Call.of(upstream, true).join().status()).isEqualTo(200);
    upstream.faultOnce(Fault.ERROR).fault(Fault.NONE);
    assertThat(Call.of(upstream, true).join().status()).isEqualTo(200);
  }

  @Test
  void keepsTheLastRequestAndForgetsItWhenReset() {
    Call.of(upstream, false).join();

    assertThat(upstream.requests()).isEqualTo(1);
    assertThat(upstream.lastRequestBody()).contains("gpt-x");
    assertThat(upstream.lastAuthorization()).isEqualTo("Bearer demo");
    assertThat(upstream.lastHeaders()).containsEntry("content-type", "application/json");

    upstream.resetCounters();

    assertThat(upstream.requests()).isZero();
    assertThat(upstream.lastRequestBody()).isNull();
    assertThat(upstream.lastAuthorization()).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"not json", "[]", ""})
  void refusesWhatIsNoRequest(String body) {
    assertThat(Call.post(upstream, body).join().status()).isEqualTo(400);
  }

  @Test
  void knowsNoOtherPathOrMethod() {
    assertThat(Call.get(upstream.url() + "/nothing").join().status()).isEqualTo(404);
    assertThat(Call.get(upstream.url() + "/chat/completions").join().status()).isEqualTo(405);
  }

  @Test
  void comesBackOnItsPortAndRefusesATakenOne() {
    int port = upstream.port();
    assertThatThrownBy(() -> FaultyUpstream.start(port)).isInstanceOf(IllegalStateException.class);
    upstream.fault(Fault.HANG);
    Call call = Call.of(upstream, true);
    await().until(() -> upstream.inFlight() == 1);

    upstream.close();

    await().until(call::hasFailed);
    assertThat(upstream.cancelled()).isZero();
    upstream = FaultyUpstream.start(port);
    assertThat(Call.of(upstream, true).join().spoken()).isEqualTo(ENGLISH);
  }
}
