package dev.fusible.langgraph4j;

import static dev.fusible.langgraph4j.Graphs.CLINIC;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.fusible.CircuitBreakerState;
import dev.fusible.FallbackType;
import dev.fusible.langgraph4j.Model.Fault;
import dev.fusible.langgraph4j.Model.Style;
import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.bsc.async.AsyncGenerator;
import org.bsc.async.AsyncGenerator.Data;
import org.bsc.langgraph4j.CompiledGraph;
import org.bsc.langgraph4j.GraphInput;
import org.bsc.langgraph4j.NodeOutput;
import org.bsc.langgraph4j.action.AsyncNodeActionWithConfig;
import org.bsc.langgraph4j.state.AgentState;
import org.bsc.langgraph4j.streaming.StreamingOutput;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is particular to nodes that answer with a generator. */
class GuardedStreamsTest {

  private Agent agent;
  private final AtomicInteger pulls = new AtomicInteger();

  @BeforeEach
  void agent() throws Exception {
    agent = new Agent(Place.ALONE, Style.STREAMING, "es-MX");
  }

  @AfterEach
  void close() {
    agent.close();
  }

  private GuardedNodes guard() {
    return GuardedNodes.with(agent.breakers).nodes("model").sentenceTo("reply");
  }

  /** A generator of what a test says, in order; then its end. */
  private final class Script extends AsyncGenerator.BaseCancellable<NodeOutput<AgentState>> {
    private final Iterator<Data<NodeOutput<AgentState>>> items;

    Script(List<Data<NodeOutput<AgentState>>> items) {
      this.items = items.iterator();
    }

    @Override
    public Data<NodeOutput<AgentState>> next() {
      pulls.incrementAndGet();
      return items.hasNext() ? items.next() : Data.done(Map.of("reply", Model.ANSWER));
    }
  }

  @SafeVarargs
  private AsyncNodeActionWithConfig<AgentState> streaming(Data<NodeOutput<AgentState>>... items) {
    return (state, config) ->
        CompletableFuture.completedFuture(
            Map.of("kept", "yes", "words", new Script(Arrays.asList(items))));
  }

  private static NodeOutput<AgentState> chunk(String text) {
    return new StreamingOutput<>(text, "model", new AgentState(Map.of()), null);
  }

  private Run run(GuardedNodes guard, AsyncNodeActionWithConfig<AgentState> model)
      throws Exception {
    CompiledGraph<AgentState> graph = guard.addTo(Graphs.ofAsync(model)).compile();
    return new Run(graph, GraphInput.args(Map.of()), CLINIC);
  }

  private String sentence(FallbackType type) {
    return Agent.sentence("es-MX", type);
  }

  @Test
  void what_else_the_node_answered_is_kept() throws Exception {
    AgentState healthy = run(guard(), streaming(Data.of(chunk("Claro")))).state();
    AgentState broken = run(guard(), streaming(Data.error(new IllegalStateException()))).state();

    assertThat(List.of(healthy, broken))
        .allMatch(state -> state.<String>value("kept").orElse("").equals("yes"));
  }

  @Test
  void white_space_and_empty_chunks_move_no_deadline() throws Exception {
    CompletableFuture<NodeOutput<AgentState>> never = new CompletableFuture<>();
    Run run =
        run(
            guard(),
            streaming(
                Data.of(chunk(" ")), Data.of(chunk("")), Data.of(chunk(null)), Data.of(never)));
    await().until(() -> pulls.get() == 4);

    agent.time.advance(Duration.ofMillis(4_500));

    assertThat(Agent.reply(run.state())).isEqualTo(sentence(FallbackType.TIMEOUT));
    await().until(never::isCancelled);
  }

  @Test
  void an_output_that_is_no_chunk_is_a_sign_of_life() throws Exception {
    CompletableFuture<NodeOutput<AgentState>> later = new CompletableFuture<>();
    Run run =
        run(
            guard(),
            streaming(Data.of(NodeOutput.of("inner", new AgentState(Map.of()))), Data.of(later)));
    await().until(() -> pulls.get() == 2);
    agent.time.advance(Duration.ofMillis(2_999));

    later.complete(chunk("Claro"));

    assertThat(Agent.reply(run.state())).isEqualTo(Model.ANSWER);
  }

  @Test
  void limits_are_the_users_to_change() throws Exception {
    CompletableFuture<NodeOutput<AgentState>> never = new CompletableFuture<>();
    Run run =
        run(
            guard().streamOptions(options -> options.firstItem(Duration.ofSeconds(1))),
            streaming(Data.of(never)));
    await().until(() -> pulls.get() == 1);

    agent.time.advance(Duration.ofSeconds(1));

    assertThat(Agent.reply(run.state())).isEqualTo(sentence(FallbackType.TIMEOUT));
  }

  @Test
  void a_long_healthy_stream_is_not_cut() throws Exception {
    List<CompletableFuture<NodeOutput<AgentState>>> words =
        List.of(new CompletableFuture<>(), new CompletableFuture<>(), new CompletableFuture<>());
    Run run =
        run(
            guard(),
            streaming(Data.of(words.get(0)), Data.of(words.get(1)), Data.of(words.get(2))));
    for (int i = 0; i < 3; i++) {
      int pulled = i + 1;
      await().until(() -> pulls.get() == pulled);
      agent.time.advance(Duration.ofMillis(2_900));
      words.get(i).complete(chunk("word " + i));
    }

    assertThat(Agent.reply(run.state())).isEqualTo(Model.ANSWER);
    assertThat(agent.breaker.getMetrics().successfulExecutions()).isEqualTo(1);
  }

  @Test
  void the_sentence_is_set_apart_from_a_word_before_it_and_only_then() throws Exception {
    Data<NodeOutput<AgentState>> error = Data.error(new IllegalStateException());
    String sentence = sentence(FallbackType.SYSTEM_ERROR);

    assertThat(spoken(run(guard(), streaming(Data.of(chunk("Claro")), error))))
        .isEqualTo("Claro " + sentence);
    assertThat(spoken(run(guard(), streaming(Data.of(chunk("Claro ")), error))))
        .isEqualTo("Claro " + sentence);
    assertThat(spoken(run(guard(), streaming(error)))).isEqualTo(sentence);
  }

  private static String spoken(Run run) throws Exception {
    run.awaitEnd();
    return run.spoken();
  }

  @Test
  void callers_who_listen_to_chunks_hear_the_sentence_as_one_whatever_happens() throws Exception {
    agent.openCircuit();

    Run run = run(guard().streaming("model"), streaming());

    assertThat(spoken(run)).isEqualTo(sentence(FallbackType.CIRCUIT_OPEN));
    assertThat(Agent.reply(run.state())).isEqualTo(sentence(FallbackType.CIRCUIT_OPEN));
    assertThat(pulls).hasValue(0);
  }

  @Test
  void nothing_is_pulled_before_it_is_asked_for() throws Exception {
    CompiledGraph<AgentState> graph =
        guard()
            .addTo(Graphs.ofAsync(streaming(Data.of(chunk("a")), Data.of(chunk("b")))))
            .compile();
    Iterator<NodeOutput<AgentState>> outputs =
        graph.stream(GraphInput.args(Map.of()), CLINIC).iterator();
    while (outputs.hasNext() && !(outputs.next() instanceof StreamingOutput)) {
      assertThat(pulls).hasValue(0);
    }

    assertThat(pulls).hasValue(1);
  }

  @Test
  void while_nobody_asks_silence_is_not_the_streams_fault() throws Exception {
    CompiledGraph<AgentState> graph =
        guard()
            .addTo(Graphs.ofAsync(streaming(Data.of(chunk("a")), Data.of(chunk("b")))))
            .compile();
    StringBuilder heard = new StringBuilder();
    for (NodeOutput<AgentState> output : graph.stream(GraphInput.args(Map.of()), CLINIC)) {
      if (output instanceof StreamingOutput<AgentState> chunk) {
        heard.append(chunk.chunk());
        agent.time.advance(Duration.ofMinutes(1));
      }
    }

    assertThat(heard).hasToString("ab");
  }

  @Test
  void a_generator_that_another_hand_cancelled_ends_the_run_as_without_a_guard() throws Exception {
    Run run = run(guard(), streaming(Data.done(AsyncGenerator.IsCancellable.CANCELLED)));

    assertThat(run.failure()).hasStackTraceContaining("Embedded generator must return a Map");
    assertThat(settled()).isZero();
  }

  @Test
  void a_cancellation_of_the_generators_own_comes_out() throws Exception {
    Run run = run(guard(), streaming(Data.error(new CancellationException("barge-in"))));

    assertThat(run.failure())
        .isInstanceOf(CancellationException.class)
        .hasStackTraceContaining("barge-in");
    assertThat(settled()).isZero();
  }

  @Test
  void an_error_comes_out() throws Exception {
    Run run = run(guard(), streaming(Data.error(new StackOverflowError())));

    assertThat(run.failure()).hasRootCauseInstanceOf(StackOverflowError.class);
  }

  @Test
  void a_generator_that_throws_is_a_failure() throws Exception {
    AsyncNodeActionWithConfig<AgentState> model =
        (state, config) ->
            CompletableFuture.completedFuture(
                Map.of(
                    "words",
                    new AsyncGenerator.Base<NodeOutput<AgentState>>() {
                      @Override
                      public Data<NodeOutput<AgentState>> next() {
                        throw new IllegalStateException();
                      }
                    }));

    Run run = run(guard(), model);

    assertThat(Agent.reply(run.state())).isEqualTo(sentence(FallbackType.SYSTEM_ERROR));
  }

  @Test
  void a_generator_inside_a_generator_is_refused_as_the_library_does() throws Exception {
    Run run = run(guard(), streaming(Data.composeWith(AsyncGenerator.empty(), null)));

    assertThat(Agent.reply(run.state())).isEqualTo(sentence(FallbackType.SYSTEM_ERROR));
  }

  @Test
  void a_function_of_the_users_that_throws_fails_the_run() throws Exception {
    GuardedNodes guard =
        GuardedNodes.with(agent.breakers)
            .nodes("model")
            .onFallback(
                fallback -> {
                  throw new IllegalStateException("mine");
                });

    Run run = run(guard, streaming(Data.error(new IllegalStateException())));

    assertThatThrownBy(run::awaitEnd).hasStackTraceContaining("mine");
  }

  @Test
  void a_stream_that_answers_too_late_is_cancelled() throws Exception {
    CompletableFuture<Map<String, Object>> deaf =
        new CompletableFuture<>() {
          @Override
          public boolean cancel(boolean mayInterruptIfRunning) {
            return false;
          }
        };
    Run run = run(guard(), (state, config) -> deaf);
    await().until(() -> agent.time.pendingTasks() == 1);
    agent.time.advance(Duration.ofSeconds(8));
    run.awaitEnd();
    Script late = new Script(List.of());

    deaf.complete(Map.of("words", late));

    assertThat(late.isCancelled()).isTrue();
    assertThat(pulls).hasValue(0);
  }

  @Test
  void a_trial_that_streams_closes_the_circuit_at_its_end() throws Exception {
    agent.makeTrialDue();
    CompletableFuture<NodeOutput<AgentState>> word = new CompletableFuture<>();
    Run run = run(guard(), streaming(Data.of(word)));
    await().until(() -> pulls.get() == 1);
    assertThat(agent.breaker.state()).isEqualTo(CircuitBreakerState.HALF_OPEN);

    word.complete(chunk("Claro"));

    assertThat(Agent.reply(run.state())).isEqualTo(Model.ANSWER);
    assertThat(agent.breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
  }

  @Test
  void a_caller_who_hangs_up_in_mid_stream_stops_it() throws Exception {
    agent.model.fault = Fault.STALLS;
    Run run = agent.begin();
    agent.model.awaitHanging();

    run.stream.cancel(true);

    assertThat(agent.model.wasStopped()).isTrue();
    run.driver.join(10_000);
    assertThat(run.isOver()).isTrue();
    assertThat(settled()).isZero();
  }

  private long settled() {
    return agent.breaker.getMetrics().successfulExecutions()
        + agent.breaker.getMetrics().failedExecutions();
  }
}
