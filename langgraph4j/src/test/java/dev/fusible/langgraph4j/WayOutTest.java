package dev.fusible.langgraph4j;

import static dev.fusible.langgraph4j.Graphs.CLINIC;
import static dev.fusible.langgraph4j.Graphs.answering;
import static dev.fusible.langgraph4j.Graphs.failing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.bsc.langgraph4j.GraphDefinition.END;
import static org.bsc.langgraph4j.GraphDefinition.START;
import static org.bsc.langgraph4j.action.AsyncEdgeAction.edge_async;
import static org.bsc.langgraph4j.action.AsyncNodeActionWithConfig.node_async;

import dev.fusible.VoiceCircuitBreakers;
import dev.fusible.testkit.ManualTime;
import java.util.List;
import java.util.Map;
import org.bsc.async.AsyncGenerator;
import org.bsc.langgraph4j.CompileConfig;
import org.bsc.langgraph4j.CompiledGraph;
import org.bsc.langgraph4j.GraphInput;
import org.bsc.langgraph4j.GraphStateException;
import org.bsc.langgraph4j.StateGraph;
import org.bsc.langgraph4j.action.NodeActionWithConfig;
import org.bsc.langgraph4j.checkpoint.MemorySaver;
import org.bsc.langgraph4j.state.AgentState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** After a fallback the graph goes to the node of the user's choice. */
class WayOutTest {

  private final VoiceCircuitBreakers breakers =
      VoiceCircuitBreakers.builder().timeSource(new ManualTime()).build();

  private GuardedNodes guard() {
    return GuardedNodes.with(breakers).sentenceTo("reply").goTo("apologise");
  }

  /** {@code START → model → book → END}, and {@code apologise → END}. */
  private static StateGraph<AgentState> graph(NodeActionWithConfig<AgentState> model)
      throws GraphStateException {
    return withoutEdges(model).addEdge("model", "book");
  }

  private static StateGraph<AgentState> withoutEdges(NodeActionWithConfig<AgentState> model)
      throws GraphStateException {
    return Graphs.empty()
        .addNode("model", node_async(model))
        .addNode("book", Place.signs("book"))
        .addNode("apologise", Place.signs("apologise"))
        .addEdge(START, "model")
        .addEdge("book", END)
        .addEdge("apologise", END);
  }

  private static List<String> way(StateGraph<AgentState> graph) throws GraphStateException {
    return Graphs.way(graph.compile(), CLINIC);
  }

  @AfterEach
  void close() {
    breakers.close();
  }

  @Test
  void from_a_node_with_one_way_on() throws Exception {
    assertThat(way(guard().addTo(graph(failing()))))
        .containsExactly(START, "model", "apologise", END);
  }

  @Test
  void and_not_without_a_fallback() throws Exception {
    assertThat(way(guard().addTo(graph(answering())))).containsExactly(START, "model", "book", END);
  }

  @Test
  void from_a_node_whose_edge_chooses() throws Exception {
    StateGraph<AgentState> failing = withoutEdges(failing());
    StateGraph<AgentState> healthy = withoutEdges(answering());
    for (StateGraph<AgentState> graph : List.of(failing, healthy)) {
      graph.addConditionalEdges(
          "model", edge_async(state -> "on"), Map.of("on", "book", "off", END));
    }

    assertThat(way(guard().addTo(failing))).containsExactly(START, "model", "apologise", END);
    assertThat(way(guard().addTo(healthy))).containsExactly(START, "model", "book", END);
  }

  @Test
  void straight_to_the_end() throws Exception {
    GuardedNodes guard = GuardedNodes.with(breakers).sentenceTo("reply").goTo(END);

    assertThat(way(guard.addTo(graph(failing())))).containsExactly(START, "model", END);
  }

  @Test
  void with_no_sentence_where_the_node_says_one_itself() throws Exception {
    CompiledGraph<AgentState> agent =
        GuardedNodes.with(breakers).goTo("apologise").addTo(graph(failing())).compile();

    AgentState state = Graphs.run(agent, CLINIC);

    assertThat(state.data()).containsOnlyKeys("lines");
  }

  @Test
  void from_a_node_that_streams() throws Exception {
    StateGraph<AgentState> graph =
        graph(
            (state, config) ->
                Map.of(
                    "words",
                    new AsyncGenerator.BaseCancellable<Object>() {
                      @Override
                      public Data<Object> next() {
                        return Data.error(new IllegalStateException());
                      }
                    }));

    assertThat(way(guard().addTo(graph)))
        .containsExactly(START, "model", "model", "apologise", END);
  }

  @Test
  void from_inside_a_sub_graph_when_that_ends() throws Exception {
    for (Place place : List.of(Place.SUBGRAPH, Place.COMPILED_SUBGRAPH)) {
      StateGraph<AgentState> graph = place.graph(node_async(failing()));
      graph.addNode("apologise", Place.signs("apologise")).addEdge("apologise", END);

      AgentState state = Graphs.run(guard().nodes("desk").addTo(graph));

      assertThat(Agent.lines(state)).containsExactly("greet", "before", "after", "apologise");
    }
  }

  @Test
  void not_from_a_branch_which_has_no_edge_of_its_own() throws Exception {
    StateGraph<AgentState> graph = Place.BRANCH.graph(node_async(failing()));
    graph.addNode("apologise", Place.signs("apologise")).addEdge("apologise", END);

    AgentState state = Graphs.run(guard().addTo(graph));

    assertThat(Agent.lines(state)).containsExactlyInAnyOrder("greet", "weather", "done");
    assertThat(Agent.reply(state)).isNotEmpty();
  }

  @Test
  void not_from_a_node_whose_edges_fork() throws Exception {
    StateGraph<AgentState> graph =
        withoutEdges(failing())
            .addNode("weather", Place.signs("weather"))
            .addNode("done", Place.signs("done"))
            .addEdge("model", "weather")
            .addEdge("model", "other")
            .addNode("other", Place.signs("other"))
            .addEdge("weather", "done")
            .addEdge("other", "done")
            .addEdge("done", END);

    AgentState state = Graphs.run(guard().nodes("model").addTo(graph));

    assertThat(Agent.lines(state)).containsExactlyInAnyOrder("weather", "other", "done");
    assertThat(state.data()).doesNotContainKey(WayOut.NOTE);
  }

  @Test
  void and_the_node_itself_does_not_go_in_circles_when_it_fails() throws Exception {
    StateGraph<AgentState> graph =
        Graphs.of(failing()).addNode("apologise", node_async(failing())).addEdge("apologise", END);

    assertThat(way(guard().addTo(graph))).containsExactly(START, "model", "apologise", END);
  }

  @Test
  void also_when_the_run_is_interrupted_between_the_node_and_its_edge() throws Exception {
    CompiledGraph<AgentState> agent =
        guard()
            .addTo(graph(failing()))
            .compile(
                CompileConfig.builder()
                    .checkpointSaver(new MemorySaver())
                    .interruptAfter("model")
                    .interruptBeforeEdge(true)
                    .build());
    assertThat(Graphs.way(agent, CLINIC)).containsExactly(START, "model");

    AgentState state = agent.invoke(GraphInput.resume(), CLINIC).orElseThrow();

    assertThat(Agent.lines(state)).containsExactly("apologise");
    assertThat(state.data()).doesNotContainKey(WayOut.NOTE);
  }

  @Test
  void and_a_run_that_was_never_resumed_sends_no_later_one_there() throws Exception {
    boolean[] fails = {true};
    CompiledGraph<AgentState> agent =
        guard()
            .addTo(
                graph(
                    (state, config) ->
                        fails[0] ? failing().apply(state, config) : Map.of("reply", "ok")))
            .compile(
                CompileConfig.builder()
                    .checkpointSaver(new MemorySaver())
                    .interruptAfter("model")
                    .interruptBeforeEdge(true)
                    .build());
    Graphs.way(agent, CLINIC);
    fails[0] = false;
    Graphs.way(agent, CLINIC);

    AgentState state = agent.invoke(GraphInput.resume(), CLINIC).orElseThrow();

    assertThat(Agent.lines(state)).containsExactly("book");
  }

  @Test
  void only_where_there_is_such_a_node() throws Exception {
    StateGraph<AgentState> graph = guard().addTo(Graphs.of(failing()));

    assertThatThrownBy(graph::compile).isInstanceOf(GraphStateException.class);
  }

  @Test
  void only_from_nodes_whose_edges_are_there() {
    assertThatIllegalStateException()
        .isThrownBy(() -> guard().addTo(withoutEdges(failing())))
        .withMessageContaining("model");
  }
}
