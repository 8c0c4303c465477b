package dev.fusible.gateway;

import static dev.fusible.gateway.RunningGateway.CLINIC;
import static dev.fusible.gateway.RunningGateway.PLUMBER;
import static dev.fusible.gateway.RunningGateway.TACOS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fusible.gateway.RunningGateway.Answer;
import dev.fusible.testkit.Fault;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What one business learns of the upstream, the others need not pay for again. */
class SharedCircuitTest {

  private static final List<String> ALL = List.of(CLINIC, TACOS, PLUMBER);
  private static final String UPSTREAM = "upstream:llm";
  private static final String REASON = "{\"reason\":\"maintenance\"}";

  private final RunningGateway run = new RunningGateway();

  @AfterEach
  void close() {
    run.close();
  }

  private void everybodySaysSomething() {
    ALL.forEach(business -> assertThat(run.say(business, true).status()).isEqualTo(200));
  }

  /** Each business's caller says something, and hears the sentence 4.5 s later. */
  private void everybodyWaitsInVain() {
    List<CompletableFuture<Answer>> turns =
        ALL.stream().map(business -> run.chat(business, true)).toList();
    await().until(() -> run.upstream.inFlight() == turns.size());
    run.time.advance(Duration.ofMillis(4_500));
    turns.forEach(
        turn -> assertThat(turn.join().header("X-Fusible-Fallback")).isEqualTo("timeout"));
    await().until(() -> run.upstream.inFlight() == 0);
  }

  private static void assertTurnedAway(Answer answer) {
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("X-Fusible-Outcome")).isEqualTo("fallback");
    assertThat(answer.header("X-Fusible-Fallback")).isEqualTo("circuit_open");
    assertThat(answer.header("X-Fusible-Circuit")).isEqualTo("CLOSED");
    assertThat(answer.words()).isNotBlank();
  }

  @Test
  void a_model_that_hangs_is_left_alone_before_any_business_has_paid_for_its_own_circuit() {
    run.upstream.fault(Fault.HANG);
    for (int turn = 0; turn < 4; turn++) {
      everybodyWaitsInVain();
    }

    assertThat(run.upstream.requests()).as("ten each without").isEqualTo(12);
    assertThat(run.state(UPSTREAM)).isEqualTo("OPEN");
    for (String business : ALL) {
      assertTurnedAway(run.say(business, true));
      assertTurnedAway(run.say(business, false));
      assertThat(run.state(business)).isEqualTo("CLOSED");
      assertThat(run.circuit(business).path("failureCount").asInt()).isEqualTo(4);
    }
    assertThat(run.upstream.requests()).isEqualTo(12);
    assertThat(run.get("/admin/circuits?state=open").json().findValuesAsText("businessId"))
        .containsExactly(UPSTREAM);

    run.upstream.fault(Fault.NONE);
    run.time.advance(Duration.ofSeconds(30));
    assertThat(run.say(TACOS, true).header("X-Fusible-Outcome")).isEqualTo("upstream");
    await().until(() -> run.state(UPSTREAM).equals("CLOSED"));
    assertThat(run.say(PLUMBER, false).header("X-Fusible-Outcome")).isEqualTo("upstream");
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"BAD_REQUEST", "UNAUTHORIZED", "CONTENT_FILTER", "UNKNOWN_MODEL"})
  void what_is_refused_never_counts_for_the_upstream(Fault fault) {
    run.upstream.fault(fault);
    for (int turn = 0; turn < 6; turn++) {
      everybodySays();
    }

    assertThat(run.state(UPSTREAM)).isEqualTo("CLOSED");
    assertThat(run.circuit(UPSTREAM).path("failureCount").asInt()).isZero();
  }

  private void everybodySays() {
    ALL.forEach(business -> run.say(business, false));
  }

  @Test
  void one_business_whose_prompts_break_the_model_does_not_open_it() {
    everybodySaysSomething();
    run.upstream.fault(Fault.ERROR);
    for (int turn = 0; turn < 12; turn++) {
      run.say(CLINIC, false);
    }

    assertThat(run.state(CLINIC)).isEqualTo("OPEN");
    assertThat(run.state(UPSTREAM)).isEqualTo("CLOSED");
    run.upstream.fault(Fault.NONE);
    assertThat(run.say(PLUMBER, false).header("X-Fusible-Outcome")).isEqualTo("upstream");
    assertThat(run.circuit(UPSTREAM).path("failureCount").asInt()).isZero();
  }

  @Test
  void operators_see_and_order_it_as_any_circuit() {
    assertThat(run.circuit(UPSTREAM).path("businessId").asText()).isEqualTo(UPSTREAM);
    assertThat(run.circuit(UPSTREAM).path("name").asText()).isEqualTo("llm");
    assertThat(run.get("/admin/circuits/upstream:other").status()).isEqualTo(404);
    assertThat(run.get("/admin/circuits/llm").status()).isEqualTo(404);

    run.post("/admin/circuits/" + UPSTREAM + "/force-open", REASON);
    assertTurnedAway(run.say(CLINIC, true));
    assertThat(run.upstream.requests()).isZero();
    await()
        .untilAsserted(
            () ->
                assertThat(run.get("/metrics").body())
                    .contains(
                        "fusible_circuits{state=\"open\"} 1.0",
                        "fusible_circuits{state=\"closed\"} 3.0"));

    run.post("/admin/circuits/" + UPSTREAM + "/reset", REASON);
    assertThat(run.say(CLINIC, true).header("X-Fusible-Outcome")).isEqualTo("upstream");
  }

  @Test
  void a_turn_is_measured_once() {
    run.say(CLINIC, false);

    await()
        .untilAsserted(
            () ->
                assertThat(run.get("/metrics").body())
                    .contains("fusible_calls_total{outcome=\"success\"} 1.0"));
    assertThat(run.circuit(UPSTREAM).at("/metrics/successfulExecutions").asInt()).isEqualTo(1);
  }
}
