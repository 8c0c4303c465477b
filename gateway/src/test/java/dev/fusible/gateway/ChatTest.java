package dev.fusible.gateway;

import static dev.fusible.gateway.RunningGateway.CLINIC;
import static dev.fusible.gateway.RunningGateway.PLUMBER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusible.gateway.RunningGateway.Answer;
import dev.fusible.testkit.Fault;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What callers hear, whatever the upstream does. */
class ChatTest {

  private final RunningGateway run = new RunningGateway();

  @AfterEach
  void close() {
    run.close();
  }

  private void untilUpstreamIsAsked() {
    await().until(() -> run.upstream.inFlight() == 1);
  }

  private void assertSentence(Answer answer, String type, String circuit) {
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("X-Fusible-Outcome")).isEqualTo("fallback");
    assertThat(answer.header("X-Fusible-Fallback")).isEqualTo(type);
    assertThat(answer.header("X-Fusible-Circuit")).isEqualTo(circuit);
    assertThat(answer.words()).isNotBlank();
    if (answer.streamed()) {
      assertThat(answer.events()).endsWith("[DONE]");
      assertThat(answer.chunks().get(0).at("/choices/0/delta/role").asText())
          .isEqualTo("assistant");
      assertThat(last(answer).at("/choices/0/finish_reason").asText()).isEqualTo("stop");
    } else {
      assertThat(answer.json().at("/choices/0/finish_reason").asText()).isEqualTo("stop");
      assertThat(answer.json().at("/usage/total_tokens").isInt()).isTrue();
    }
  }

  private static JsonNode last(Answer answer) {
    List<JsonNode> chunks = answer.chunks();
    return chunks.get(chunks.size() - 1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void a_healthy_answer_comes_through_as_it_is(boolean stream) {
    Answer answer = run.say(CLINIC, stream);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("X-Fusible-Outcome")).isEqualTo("upstream");
    assertThat(answer.header("X-Fusible-Circuit")).isEqualTo("CLOSED");
    assertThat(answer.header("X-Fusible-Fallback")).isNull();
    assertThat(answer.words()).isNotBlank();
    assertThat(answer.body()).contains("gpt-4o-mini").doesNotContain("\"fusible\"");
    assertThat(run.upstream.lastAuthorization()).isEqualTo("Bearer upstream-key");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void a_silent_upstream_ends_in_the_sentence_when_the_deadline_passes(boolean stream) {
    run.upstream.fault(Fault.HANG);
    CompletableFuture<Answer> answer = run.chat(CLINIC, stream);
    untilUpstreamIsAsked();

    run.time.advance(Duration.ofMillis(stream ? 4_499 : 7_999));
    assertThat(answer).isNotDone();
    run.time.advance(Duration.ofMillis(1));

    assertSentence(answer.join(), "timeout", "CLOSED");
    await().until(() -> run.upstream.cancelled() == 1);
    assertThat(run.circuit(CLINIC).path("failureCount").asInt()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"ERROR", "RATE_LIMIT", "HTML", "ERROR_IN_200", "REFUSE", "HUGE", "LONG_LINE"})
  void a_failing_upstream_ends_in_the_sentence_at_once(Fault fault) {
    run.upstream.fault(fault);

    assertSentence(run.say(CLINIC, false), "system_error", "CLOSED");
    assertThat(run.circuit(CLINIC).path("failureCount").asInt()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"ERROR", "RATE_LIMIT", "HTML", "ERROR_IN_200", "REFUSE", "LONG_LINE"})
  void so_does_a_streamed_turn(Fault fault) {
    run.upstream.fault(fault);

    assertSentence(run.say(CLINIC, true), "system_error", "CLOSED");
  }

  @Test
  void keep_alives_and_empty_deltas_move_no_deadline() {
    run.upstream.fault(Fault.KEEP_ALIVE);
    CompletableFuture<Answer> answer = run.chat(CLINIC, true);
    untilUpstreamIsAsked();

    run.time.advance(Duration.ofMillis(4_500));

    assertSentence(answer.join(), "timeout", "CLOSED");
  }

  @Test
  void what_was_already_said_is_closed_by_the_sentence_when_the_stream_is_cut() {
    run.upstream.fault(Fault.CUT);

    Answer answer = run.say(CLINIC, true);

    assertThat(answer.header("X-Fusible-Outcome")).isEqualTo("upstream");
    assertThat(answer.events()).endsWith("[DONE]");
    assertThat(answer.words()).contains("… ");
    assertThat(last(answer).at("/fusible/outcome").asText()).isEqualTo("fallback");
    assertThat(last(answer).at("/fusible/fallback").asText()).isEqualTo("system_error");
    assertThat(last(answer).at("/choices/0/finish_reason").asText()).isEqualTo("stop");
    assertThat(last(answer).path("id")).isEqualTo(answer.chunks().get(0).path("id"));
  }

  @Test
  void so_it_is_when_the_stream_stalls() {
    run.upstream.fault(Fault.STALL);
    CompletableFuture<Answer> answer = run.chat(CLINIC, true);
    untilUpstreamIsAsked();

    await()
        .pollInterval(Duration.ofMillis(10))
        .until(
            () -> {
              run.time.advance(Duration.ofMillis(100));
              return answer.isDone();
            });

    assertThat(answer.join().words()).contains("… ");
    assertThat(last(answer.join()).at("/fusible/fallback").asText()).isEqualTo("timeout");
    assertThat(answer.join().events()).endsWith("[DONE]");
  }

  @Test
  void the_caller_of_a_trial_waits_three_seconds_at_most() {
    run.upstream.fault(Fault.ERROR);
    for (int i = 0; i < 10; i++) {
      run.say(CLINIC, false);
    }
    run.upstream.fault(Fault.HANG);
    run.waitForRecovery(CLINIC);
    CompletableFuture<Answer> trial = run.chat(CLINIC, false);
    untilUpstreamIsAsked();

    run.time.advance(Duration.ofSeconds(3));

    assertSentence(trial.join(), "timeout", "HALF_OPEN");
    assertThat(run.state(CLINIC)).isEqualTo("HALF_OPEN");
    run.time.advance(Duration.ofSeconds(5));
    assertThat(run.state(CLINIC)).isEqualTo("OPEN");
    await().until(() -> run.upstream.cancelled() == 1);
  }

  @Test
  void a_sentence_in_spanish_for_the_clinic_and_in_english_for_the_plumber() {
    run.upstream.fault(Fault.ERROR);

    assertThat(run.say(CLINIC, true).words())
        .containsAnyOf("Disculpe", "siento", "Lamento", "Una disculpa", "Perdone", "Perdón");
    assertThat(run.say(PLUMBER, true).words()).containsIgnoringCase("call");
  }

  @Test
  void a_call_may_ask_for_another_language() {
    run.upstream.fault(Fault.ERROR);

    Answer answer =
        run.send(run.chatRequest(CLINIC, false).header("X-Language", "en-GB").build()).join();

    assertThat(answer.words()).containsIgnoringCase("call");
  }

  @Test
  void the_tenth_failure_opens_the_circuit_and_from_then_on_the_upstream_sees_nothing() {
    run.upstream.fault(Fault.ERROR);
    for (int i = 0; i < 9; i++) {
      assertSentence(run.say(CLINIC, i % 2 == 0), "system_error", "CLOSED");
    }
    assertThat(run.state(CLINIC)).isEqualTo("CLOSED");
    run.say(CLINIC, true);
    assertThat(run.state(CLINIC)).isEqualTo("OPEN");
    run.upstream.resetCounters();

    assertSentence(run.say(CLINIC, true), "circuit_open", "OPEN");
    assertSentence(run.say(CLINIC, false), "circuit_open", "OPEN");

    assertThat(run.upstream.requests()).isZero();
    assertThat(run.state(PLUMBER)).isEqualTo("CLOSED");
    assertThat(run.circuit(CLINIC).path("retryAfter").asDouble()).isEqualTo(30.0);
  }

  @Test
  void after_the_wait_one_call_is_the_trial_and_closes_the_circuit() {
    run.upstream.fault(Fault.ERROR);
    for (int i = 0; i < 10; i++) {
      run.say(CLINIC, false);
    }
    run.upstream.fault(Fault.NONE);
    run.waitForRecovery(CLINIC);

    Answer trial = run.say(CLINIC, true);

    assertThat(trial.header("X-Fusible-Outcome")).isEqualTo("upstream");
    assertThat(trial.header("X-Fusible-Circuit")).isEqualTo("HALF_OPEN");
    await().until(() -> run.state(CLINIC).equals("CLOSED"));
  }

  @Test
  void a_callers_own_mistake_comes_back_as_it_is_and_trips_nothing() {
    run.upstream.fault(Fault.BAD_REQUEST);
    for (int i = 0; i < 12; i++) {
      Answer answer = run.say(CLINIC, i % 2 == 0);
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.json().at("/error/type").asText()).isEqualTo("invalid_request_error");
    }

    assertThat(run.state(CLINIC)).isEqualTo("CLOSED");
    assertThat(run.circuit(CLINIC).path("failureCount").asInt()).isZero();
    assertThat(run.circuit(CLINIC).at("/metrics/fallbacksServed").asInt()).isZero();
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"UNAUTHORIZED", "UNKNOWN_MODEL"})
  void an_operators_mistake_is_a_sentence_that_trips_nothing_and_shows(Fault fault) {
    run.upstream.fault(fault);
    for (int i = 0; i < 12; i++) {
      assertSentence(run.say(CLINIC, true), "system_error", "CLOSED");
    }
    assertThat(run.state(CLINIC)).isEqualTo("CLOSED");
    assertThat(run.get("/readyz").json().path("status").asText()).isEqualTo("degraded");
    assertThat(run.get("/readyz").json().path("reasons").toString()).contains("upstream_refuses");

    run.upstream.fault(Fault.NONE);
    run.say(CLINIC, true);
    assertThat(run.get("/readyz").json().path("status").asText()).isEqualTo("ready");
  }

  @Test
  void an_agent_that_gives_up_earlier_gets_its_sentence_earlier() {
    run.upstream.fault(Fault.HANG);
    CompletableFuture<Answer> answer =
        run.send(run.chatRequest(CLINIC, true).header("X-Stainless-Timeout", "2").build());
    untilUpstreamIsAsked();

    run.time.advance(Duration.ofMillis(1_599));
    assertThat(answer).isNotDone();
    run.time.advance(Duration.ofMillis(1));

    assertSentence(answer.join(), "timeout", "CLOSED");
  }

  @Test
  void a_caller_who_hangs_up_is_no_failure_and_ends_the_upstreams_work() {
    run.upstream.fault(Fault.HANG);
    CompletableFuture<java.net.http.HttpResponse<String>> call =
        run.http.sendAsync(
            run.chatRequest(CLINIC, true).build(),
            java.net.http.HttpResponse.BodyHandlers.ofString());
    untilUpstreamIsAsked();

    call.cancel(true);

    await().until(() -> run.upstream.cancelled() == 1);
    run.time.advance(Duration.ofSeconds(20));
    assertThat(run.circuit(CLINIC).path("failureCount").asInt()).isZero();
  }

  @Test
  void tool_calls_come_whole_or_not_at_all() {
    run.upstream.toolCall("book", "{\"day\":\"monday\",\"hour\":10}");

    Answer answer = run.say(CLINIC, true);

    StringBuilder arguments = new StringBuilder();
    answer
        .chunks()
        .forEach(
            chunk ->
                arguments.append(
                    chunk.at("/choices/0/delta/tool_calls/0/function/arguments").asText("")));
    assertThat(RunningGateway.parse(arguments.toString()).path("day").asText()).isEqualTo("monday");

    run.upstream.fault(Fault.CUT);
    Answer broken = run.say(CLINIC, true);
    assertThat(broken.body()).doesNotContain("tool_calls");
    assertSentence(broken, "system_error", "CLOSED");
  }

  @Test
  void usage_is_told_where_it_is_asked_for() {
    run.upstream.fault(Fault.ERROR);
    String body =
        RunningGateway.body(true)
            .replace(
                "\"stream\":true", "\"stream\":true,\"stream_options\":{\"include_usage\":true}");

    Answer answer =
        run.send(run.chatRequest(CLINIC, true).POST(BodyPublishers.ofString(body)).build()).join();

    assertThat(last(answer).at("/usage/total_tokens").isInt()).isTrue();
    assertThat(last(answer).path("choices").isArray()).isTrue();
  }

  @Test
  void fields_that_the_upstream_can_not_take_are_dropped() {
    String body =
        RunningGateway.body(false).replace("{\"model\"", "{\"metadata\":{\"a\":1},\"model\"");

    run.send(run.chatRequest(CLINIC, false).POST(BodyPublishers.ofString(body)).build()).join();

    assertThat(RunningGateway.parse(run.upstream.lastRequestBody()).has("metadata")).isFalse();
  }
}
