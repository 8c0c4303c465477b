package dev.fusible.langgraph4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fusible.CircuitBreakerMetrics;
import dev.fusible.CircuitBreakerState;
import dev.fusible.FallbackType;
import dev.fusible.langgraph4j.Model.Fault;
import dev.fusible.langgraph4j.Model.Style;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.bsc.langgraph4j.state.AgentState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every kind of node, wherever it stands in a graph, under every fault and in both languages. */
class GuardedGraphTest {

  private static final Duration TICK = Duration.ofMillis(1);

  private Agent agent;

  static Stream<Arguments> everyNode() {
    return nodes(List.of(Style.values()));
  }

  static Stream<Arguments> everyStream() {
    return nodes(List.of(Style.STREAMING));
  }

  private static Stream<Arguments> nodes(List<Style> styles) {
    return Arrays.stream(Place.values())
        .flatMap(
            place ->
                styles.stream()
                    .flatMap(
                        style ->
                            Stream.of("es-MX", "en-US")
                                .map(language -> Arguments.of(place, style, language))));
  }

  private static Duration limit(Style style) {
    return style == Style.STREAMING ? Duration.ofMillis(4_500) : Duration.ofSeconds(8);
  }

  private void given(Place place, Style style, String language, Fault fault) throws Exception {
    agent = new Agent(place, style, language);
    agent.model.fault = fault;
  }

  @AfterEach
  void leaves_no_timer_behind() {
    agent.close();
    assertThat(agent.time.pendingTasks()).isZero();
  }

  @ParameterizedTest
  @MethodSource("everyNode")
  void a_healthy_node_answers_as_without_a_guard(Place place, Style style, String language)
      throws Exception {
    given(place, style, language, Fault.NONE);

    List<String> guarded = agent.begin().transcript();

    assertThat(guarded).isEqualTo(agent.unguarded(place, style).transcript());
    assertSettled(1, 0, 0);
  }

  @ParameterizedTest
  @MethodSource("everyNode")
  void a_failing_node_is_answered_with_a_sentence_and_the_run_goes_on(
      Place place, Style style, String language) throws Exception {
    given(place, style, language, Fault.FAILS);

    Run run = agent.begin();

    assertSentence(run, place, Agent.sentence(language, FallbackType.SYSTEM_ERROR));
    assertSettled(0, 1, 0);
  }

  @ParameterizedTest
  @MethodSource("everyNode")
  void a_hanging_node_is_stopped_at_its_limit(Place place, Style style, String language)
      throws Exception {
    given(place, style, language, Fault.HANGS);
    Run run = agent.begin();
    agent.model.awaitHanging();

    agent.time.advance(limit(style).minus(TICK));
    assertThat(run.isOver()).isFalse();
    agent.time.advance(TICK);

    assertSentence(run, place, Agent.sentence(language, FallbackType.TIMEOUT));
    assertThat(agent.model.wasStopped()).isTrue();
    assertSettled(0, 1, 1);
  }

  @ParameterizedTest
  @MethodSource("everyNode")
  void a_node_that_ignores_interruption_holds_up_nobody(Place place, Style style, String language)
      throws Exception {
    given(place, style, language, Fault.DEAF);
    Run run = agent.begin();
    agent.model.awaitHanging();

    agent.time.advance(limit(style));

    assertSentence(run, place, Agent.sentence(language, FallbackType.TIMEOUT));
    assertSettled(0, 1, 1);
    agent.model.release();
    assertThat(Agent.reply(agent.savedState()))
        .isEqualTo(Agent.sentence(language, FallbackType.TIMEOUT));
  }

  @ParameterizedTest
  @MethodSource("everyNode")
  void an_open_circuit_answers_at_once_and_asks_nobody(Place place, Style style, String language)
      throws Exception {
    given(place, style, language, Fault.NONE);
    agent.openCircuit();

    Run run = agent.begin();

    assertSentence(run, place, Agent.sentence(language, FallbackType.CIRCUIT_OPEN));
    assertThat(agent.model.runs).hasValue(0);
  }

  @ParameterizedTest
  @MethodSource("everyNode")
  void a_trial_that_succeeds_closes_the_circuit(Place place, Style style, String language)
      throws Exception {
    given(place, style, language, Fault.NONE);
    agent.makeTrialDue();

    Run run = agent.begin();

    assertThat(run.transcript()).isEqualTo(agent.unguarded(place, style).transcript());
    assertThat(agent.breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
  }

  @ParameterizedTest
  @MethodSource("everyNode")
  void a_trial_that_fails_opens_it_again(Place place, Style style, String language)
      throws Exception {
    given(place, style, language, Fault.FAILS);
    agent.makeTrialDue();

    Run run = agent.begin();

    assertSentence(run, place, Agent.sentence(language, FallbackType.SYSTEM_ERROR));
    assertThat(agent.breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
  }

  @ParameterizedTest
  @MethodSource("everyNode")
  void a_caller_who_hangs_up_stops_the_node_and_counts_as_neither(
      Place place, Style style, String language) throws Exception {
    given(place, style, language, Fault.HANGS);
    Run run = agent.begin();
    agent.model.awaitHanging();

    run.stream.cancel(true);
    run.driver.interrupt();

    assertThat(agent.model.wasStopped()).isTrue();
    run.driver.join(10_000);
    assertThat(run.isOver()).isTrue();
    assertSettled(0, 0, 0);
  }

  @ParameterizedTest
  @MethodSource("everyStream")
  void a_stream_that_is_cut_is_ended_by_a_sentence(Place place, Style style, String language)
      throws Exception {
    given(place, style, language, Fault.CUT);

    Run run = agent.begin();

    String sentence = Agent.sentence(language, FallbackType.SYSTEM_ERROR);
    assertSentence(run, place, sentence);
    assertThat(run.spoken()).isEqualTo(place.passesChunksOn() ? "Claro que " + sentence : "");
    assertSettled(0, 1, 0);
  }

  @ParameterizedTest
  @MethodSource("everyStream")
  void a_stream_that_stalls_is_stopped_three_seconds_after_its_last_word(
      Place place, Style style, String language) throws Exception {
    given(place, style, language, Fault.STALLS);
    Run run = agent.begin();
    agent.model.awaitHanging();

    agent.time.advance(Duration.ofSeconds(3).minus(TICK));
    assertThat(run.isOver()).isFalse();
    agent.time.advance(TICK);

    String sentence = Agent.sentence(language, FallbackType.TIMEOUT);
    assertSentence(run, place, sentence);
    assertThat(run.spoken()).isEqualTo(place.passesChunksOn() ? "Claro que " + sentence : "");
    assertThat(agent.model.wasStopped()).isTrue();
    assertSettled(0, 1, 1);
  }

  private void assertSentence(Run run, Place place, String sentence) throws Exception {
    AgentState state = run.state();
    assertThat(Agent.reply(state)).isEqualTo(sentence);
    assertThat(Agent.lines(state)).containsAll(place.linesWithoutModel());
    assertThat(state.data()).doesNotContainKey(WayOut.NOTE);
    assertThat(run.outputs.get(run.outputs.size() - 1).isEND()).isTrue();
    assertThat(Agent.reply(agent.savedState())).isEqualTo(sentence);
  }

  private void assertSettled(long successes, long failures, long timeouts) {
    await()
        .atMost(Duration.ofSeconds(2))
        .untilAsserted(
            () -> {
              CircuitBreakerMetrics metrics = agent.breaker.getMetrics();
              assertThat(metrics.successfulExecutions()).isEqualTo(successes);
              assertThat(metrics.failedExecutions()).isEqualTo(failures);
              assertThat(metrics.timeouts()).isEqualTo(timeouts);
            });
  }
}
