package dev.fusible.langgraph4j;

import static dev.fusible.langgraph4j.Graphs.CLINIC;
import static dev.fusible.langgraph4j.Graphs.failing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.bsc.langgraph4j.GraphDefinition.END;
import static org.bsc.langgraph4j.GraphDefinition.START;
import static org.bsc.langgraph4j.action.AsyncEdgeAction.edge_async;
import static org.bsc.langgraph4j.action.AsyncNodeActionWithConfig.node_async;

import dev.fusible.FallbackType;
import dev.fusible.langgraph4j.Model.Fault;
import dev.fusible.langgraph4j.Model.Style;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.bsc.langgraph4j.CompileConfig;
import org.bsc.langgraph4j.CompiledGraph;
import org.bsc.langgraph4j.GraphInput;
import org.bsc.langgraph4j.GraphStateException;
import org.bsc.langgraph4j.RunnableConfig;
import org.bsc.langgraph4j.StateGraph;
import org.bsc.langgraph4j.action.AsyncNodeActionWithConfig;
import org.bsc.langgraph4j.checkpoint.MemorySaver;
import org.bsc.langgraph4j.state.AgentState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Branches that run in parallel, graphs in graphs, and other hooks beside the guard. */
class GuardedForksTest {

  private Agent agent;
  private final Model first = new Model();
  private final Model second = new Model();

  @BeforeEach
  void agent() throws Exception {
    agent = new Agent(Place.ALONE, Style.PLAIN, "es-MX");
  }

  @AfterEach
  void close() {
    first.release();
    second.release();
    agent.close();
    // A fork that fails does not wait for its other branches.
    await().until(() -> agent.time.pendingTasks() == 0);
  }

  private GuardedNodes guard() {
    return GuardedNodes.with(agent.breakers)
        .onFallback(fallback -> Map.of("lines", fallback.response().text()));
  }

  /** {@code START → greet → (first, second) → done → END}. */
  private StateGraph<AgentState> fork(
      AsyncNodeActionWithConfig<AgentState> one, AsyncNodeActionWithConfig<AgentState> two)
      throws GraphStateException {
    return Graphs.empty()
        .addNode("greet", Place.signs("greet"))
        .addNode("first", one)
        .addNode("second", two)
        .addNode("done", Place.signs("done"))
        .addEdge(START, "greet")
        .addEdge("greet", "first")
        .addEdge("greet", "second")
        .addEdge("first", "done")
        .addEdge("second", "done")
        .addEdge("done", END);
  }

  private static String sentence(FallbackType type) {
    return Agent.sentence("es-MX", type);
  }

  // --- branches

  @Test
  void branches_that_hang_are_stopped_together_and_not_one_after_the_other() throws Exception {
    first.fault = Fault.HANGS;
    second.fault = Fault.HANGS;
    CompiledGraph<AgentState> graph =
        guard().addTo(fork(first.action(Style.PLAIN), second.action(Style.PLAIN))).compile();
    Run run = new Run(graph, GraphInput.args(Map.of()), CLINIC);
    first.awaitHanging();
    second.awaitHanging();

    agent.time.advance(Duration.ofSeconds(8));

    assertThat(Agent.lines(run.state())).contains("greet", "done", sentence(FallbackType.TIMEOUT));
    assertThat(failures("clinica-sonrisa:first")).isEqualTo(1);
    assertThat(failures("clinica-sonrisa:second")).isEqualTo(1);
  }

  @Test
  void a_branch_that_fails_takes_nothing_from_the_other() throws Exception {
    first.fault = Fault.FAILS;

    AgentState state =
        Graphs.run(guard().addTo(fork(first.action(Style.ASYNC), second.action(Style.PLAIN))));

    assertThat(Agent.lines(state))
        .containsExactlyInAnyOrder("greet", sentence(FallbackType.SYSTEM_ERROR), "model", "done");
    assertThat(Agent.reply(state)).isEqualTo(Model.ANSWER);
  }

  @Test
  void branches_with_an_executor_of_their_own_are_guarded_as_well() throws Exception {
    first.fault = Fault.FAILS;
    ExecutorService own = Executors.newCachedThreadPool();
    try {
      RunnableConfig config =
          RunnableConfig.builder(CLINIC).addParallelNodeExecutor("greet", own).build();
      CompiledGraph<AgentState> graph =
          guard().addTo(fork(first.action(Style.PLAIN), second.action(Style.PLAIN))).compile();

      assertThat(Agent.lines(Graphs.run(graph, config)))
          .contains(sentence(FallbackType.SYSTEM_ERROR), "model");
    } finally {
      own.shutdown();
    }
  }

  @Test
  void one_branch_may_be_named() throws Exception {
    first.fault = Fault.FAILS;
    CompiledGraph<AgentState> graph =
        guard()
            .nodes("first")
            .addTo(fork(first.action(Style.PLAIN), second.action(Style.PLAIN)))
            .compile();

    Graphs.run(graph, CLINIC);

    assertThat(failures("clinica-sonrisa")).isEqualTo(1);
    second.fault = Fault.FAILS;
    assertThatThrownBy(() -> Graphs.run(graph, CLINIC)).hasStackTraceContaining(Model.CANARY);
  }

  @Test
  void a_fork_without_a_guarded_branch_is_left_alone() throws Exception {
    List<Thread> threads = new CopyOnWriteArrayList<>();
    AsyncNodeActionWithConfig<AgentState> branch =
        node_async(
            (state, config) -> {
              threads.add(Thread.currentThread());
              return Map.of();
            });

    Graphs.run(guard().nodes("done").addTo(fork(branch, branch)));

    assertThat(threads).hasSize(2).containsOnly(Thread.currentThread());
  }

  @Test
  void a_caller_who_hangs_up_stops_all_branches() throws Exception {
    first.fault = Fault.HANGS;
    second.fault = Fault.HANGS;
    CompiledGraph<AgentState> graph =
        guard().addTo(fork(first.action(Style.PLAIN), second.action(Style.STREAMING))).compile();
    Run run = new Run(graph, GraphInput.args(Map.of()), CLINIC);
    first.awaitHanging();
    second.awaitHanging();

    run.driver.interrupt();

    assertThat(run.failure()).hasRootCauseInstanceOf(CancellationException.class);
    assertThat(first.wasStopped()).isTrue();
    assertThat(second.wasStopped()).isTrue();
    assertThat(failures("clinica-sonrisa:first") + failures("clinica-sonrisa:second")).isZero();
  }

  @Test
  void a_cancellation_of_a_branchs_own_comes_out() throws Exception {
    AsyncNodeActionWithConfig<AgentState> cancels =
        node_async(
            (state, config) -> {
              throw new CancellationException("barge-in");
            });

    CompiledGraph<AgentState> graph =
        guard().addTo(fork(cancels, second.action(Style.PLAIN))).compile();

    assertThatThrownBy(() -> Graphs.run(graph, CLINIC)).hasStackTraceContaining("barge-in");
  }

  @Test
  void behind_another_hook_the_branches_are_guarded_as_one() throws Exception {
    first.fault = Fault.FAILS;
    List<String> hooked = new CopyOnWriteArrayList<>();
    StateGraph<AgentState> graph =
        fork(first.action(Style.PLAIN), second.action(Style.PLAIN))
            .addWrapCallNodeHook(
                (nodeId, state, config, action) -> {
                  hooked.add(nodeId);
                  return action.apply(state, config);
                });

    AgentState state = Graphs.run(guard().addTo(graph));

    assertThat(hooked).contains("greet", "done");
    assertThat(Agent.lines(state))
        .containsExactly("greet", sentence(FallbackType.SYSTEM_ERROR), "done");
  }

  @Test
  void before_another_hook_they_are_guarded_one_by_one() throws Exception {
    first.fault = Fault.FAILS;
    StateGraph<AgentState> graph =
        guard().addTo(fork(first.action(Style.PLAIN), second.action(Style.PLAIN)));
    graph.addWrapCallNodeHook((nodeId, state, config, action) -> action.apply(state, config));

    assertThat(Agent.lines(Graphs.run(graph)))
        .contains("model", sentence(FallbackType.SYSTEM_ERROR));
  }

  @Test
  void a_fork_inside_a_sub_graph_is_guarded_branch_by_branch() throws Exception {
    first.fault = Fault.FAILS;
    StateGraph<AgentState> inner = fork(first.action(Style.PLAIN), second.action(Style.PLAIN));
    for (boolean compiled : new boolean[] {false, true}) {
      StateGraph<AgentState> outer = Graphs.empty().addEdge(START, "desk").addEdge("desk", END);
      if (compiled) {
        outer.addNode("desk", inner.compile());
      } else {
        outer.addNode("desk", inner);
      }

      assertThat(Agent.lines(Graphs.run(guard().addTo(outer))))
          .contains("model", sentence(FallbackType.SYSTEM_ERROR));
    }
    assertThat(failures("clinica-sonrisa:desk-first")).isEqualTo(2);
  }

  @Test
  void a_compiled_graph_may_be_a_branch() throws Exception {
    first.fault = Fault.FAILS;
    CompiledGraph<AgentState> inner = Graphs.ofAsync(first.action(Style.PLAIN)).compile();
    StateGraph<AgentState> graph =
        Graphs.empty()
            .addNode("greet", Place.signs("greet"))
            .addNode("first", inner)
            .addNode("second", second.action(Style.PLAIN))
            .addNode("done", Place.signs("done"))
            .addEdge(START, "greet")
            .addEdge("greet", "first")
            .addEdge("greet", "second")
            .addEdge("first", "done")
            .addEdge("second", "done")
            .addEdge("done", END);

    Graphs.run(guard().addTo(graph));

    assertThat(failures("clinica-sonrisa:first-model")).isEqualTo(1);
  }

  // --- graphs in graphs

  @Test
  void a_compiled_graph_that_also_runs_alone_is_then_not_guarded() throws Exception {
    CompiledGraph<AgentState> inner = Graphs.of(failing()).compile();
    StateGraph<AgentState> outer =
        Graphs.empty().addNode("desk", inner).addEdge(START, "desk").addEdge("desk", END);
    StateGraph<AgentState> guarded = guard().addTo(outer);

    assertThat(Agent.lines(Graphs.run(guarded))).isNotEmpty();
    assertThatThrownBy(() -> Graphs.run(inner, CLINIC)).hasStackTraceContaining(Model.CANARY);
  }

  @Test
  void a_compiled_graph_in_two_guarded_ones_is_guarded_once_in_each() throws Exception {
    CompiledGraph<AgentState> inner = Graphs.of(failing()).compile();
    for (int i = 1; i <= 2; i++) {
      StateGraph<AgentState> outer =
          Graphs.empty().addNode("desk", inner).addEdge(START, "desk").addEdge("desk", END);

      Graphs.run(guard().addTo(outer));

      assertThat(failures("clinica-sonrisa:desk-model")).isEqualTo(i);
    }
  }

  @Test
  void graphs_are_guarded_at_any_depth() throws Exception {
    CompiledGraph<AgentState> innermost = Graphs.of(failing()).compile();
    StateGraph<AgentState> inner =
        Graphs.empty().addNode("desk", innermost).addEdge(START, "desk").addEdge("desk", END);
    StateGraph<AgentState> outer =
        Graphs.empty().addNode("hall", inner).addEdge(START, "hall").addEdge("hall", END);

    Graphs.run(guard().nodes("hall-desk-model").addTo(outer));

    assertThat(failures("clinica-sonrisa")).isEqualTo(1);
  }

  @Test
  void a_sub_graph_that_starts_and_ends_by_choice_is_guarded_node_by_node() throws Exception {
    StateGraph<AgentState> inner =
        Graphs.empty()
            .addNode("model", node_async(failing()))
            .addConditionalEdges(START, edge_async(state -> "in"), Map.of("in", "model"))
            .addEdge("model", END);
    StateGraph<AgentState> outer =
        Graphs.empty().addNode("desk", inner).addEdge(START, "desk").addEdge("desk", END);

    Graphs.run(guard().addTo(outer));

    assertThat(failures("clinica-sonrisa:desk-model")).isEqualTo(1);
    assertThat(
            agent
                .breakers
                .forBusiness("clinica-sonrisa:desk-" + START)
                .getMetrics()
                .totalExecutions())
        .isZero();
  }

  @Test
  void a_run_that_is_interrupted_inside_a_compiled_graph_is_resumed_there() throws Exception {
    for (Fault fault : List.of(Fault.NONE, Fault.FAILS)) {
      first.fault = fault;
      CompileConfig.Builder saving = CompileConfig.builder().checkpointSaver(new MemorySaver());
      CompileConfig asking = CompileConfig.builder(saving.build()).interruptBefore("model").build();
      StateGraph<AgentState> inner =
          Graphs.empty()
              .addNode("before", Place.signs("before"))
              .addNode("model", first.action(Style.PLAIN))
              .addEdge(START, "before")
              .addEdge("before", "model")
              .addEdge("model", END);
      StateGraph<AgentState> outer =
          Graphs.empty()
              .addNode("desk", inner.compile(asking))
              .addEdge(START, "desk")
              .addEdge("desk", END);
      CompiledGraph<AgentState> graph = guard().addTo(outer).compile(saving.build());
      Run interrupted = new Run(graph, GraphInput.args(Map.of()), CLINIC);
      interrupted.awaitEnd();
      assertThat(interrupted.wasInterrupted()).isTrue();
      assertThat(first.runs).hasValue(fault == Fault.NONE ? 0 : 1);

      Run resumed = new Run(graph, GraphInput.resume(), CLINIC);

      assertThat(Agent.lines(resumed.state()))
          .containsExactly(
              "before", fault == Fault.NONE ? "model" : sentence(FallbackType.SYSTEM_ERROR));
    }
    assertThat(failures("clinica-sonrisa:desk-model")).isEqualTo(1);
  }

  @Test
  void a_node_that_a_sub_graph_does_not_have_is_refused() throws Exception {
    CompiledGraph<AgentState> inner = Graphs.of(failing()).compile();
    StateGraph<AgentState> outer =
        Graphs.empty().addNode("desk", inner).addEdge(START, "desk").addEdge("desk", END);

    assertThatIllegalArgumentException().isThrownBy(() -> guard().nodes("desk-modle").addTo(outer));
  }

  @Test
  void a_compiled_graph_that_came_after_the_guard_is_said_to_have_come_too_late() throws Exception {
    StateGraph<AgentState> outer =
        Graphs.empty().addNode("greet", Place.signs("greet")).addEdge(START, "greet");
    guard().addTo(outer);
    outer
        .addNode("desk", Graphs.of(failing()).compile())
        .addEdge("greet", "desk")
        .addEdge("desk", END);

    assertThatThrownBy(() -> Graphs.run(outer)).hasStackTraceContaining("added after addTo");
  }

  private long failures(String circuit) {
    return agent.breakers.forBusiness(circuit).getMetrics().failedExecutions();
  }
}
