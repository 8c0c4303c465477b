package dev.fusible.langgraph4j;

import static org.bsc.langgraph4j.GraphDefinition.END;
import static org.bsc.langgraph4j.GraphDefinition.START;
import static org.bsc.langgraph4j.action.AsyncNodeAction.node_async;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.bsc.langgraph4j.GraphStateException;
import org.bsc.langgraph4j.RunnableConfig;
import org.bsc.langgraph4j.StateGraph;
import org.bsc.langgraph4j.action.AsyncNodeAction;
import org.bsc.langgraph4j.action.AsyncNodeActionWithConfig;
import org.bsc.langgraph4j.action.InterruptableAction;
import org.bsc.langgraph4j.action.InterruptionMetadata;
import org.bsc.langgraph4j.state.AgentState;
import org.bsc.langgraph4j.state.Channel;
import org.bsc.langgraph4j.state.Channels;

/**
 * Where a node stands in a graph: {@code greet → model → done}, with the model alone, in a
 * sub-graph, as a branch, or asking to be interrupted. The nodes sign in the channel {@code lines}.
 */
enum Place {
  ALONE,
  COMPILED_SUBGRAPH,
  SUBGRAPH,
  BRANCH,
  INTERRUPTED;

  /** {@code lines} appends; {@code reply} and the rest keep the last value. */
  static final Map<String, Channel<?>> CHANNELS =
      Map.of("lines", Channels.<String>appender(ArrayList::new));

  /** The name under which the model is guarded. */
  String guardedName() {
    return isSubGraph() ? "desk-model" : "model";
  }

  private boolean isSubGraph() {
    return this == COMPILED_SUBGRAPH || this == SUBGRAPH;
  }

  /**
   * Whether chunks come out of the graph: the library keeps those of branches and of compiled
   * graphs.
   */
  boolean passesChunksOn() {
    return this != BRANCH && this != COMPILED_SUBGRAPH;
  }

  StateGraph<AgentState> graph(AsyncNodeActionWithConfig<AgentState> model)
      throws GraphStateException {
    StateGraph<AgentState> graph = new StateGraph<>(CHANNELS, AgentState::new);
    graph
        .addNode("greet", signs("greet"))
        .addNode("done", signs("done"))
        .addEdge(START, "greet")
        .addEdge("done", END);
    switch (this) {
      case ALONE -> graph.addNode("model", model);
      case INTERRUPTED -> graph.addNode("model", new Asking(model));
      case COMPILED_SUBGRAPH -> graph.addNode("desk", desk(model).compile());
      case SUBGRAPH -> graph.addNode("desk", desk(model));
      case BRANCH ->
          graph
              .addNode("model", model)
              .addNode("weather", signs("weather"))
              .addEdge("greet", "weather")
              .addEdge("weather", "done");
    }
    String node = isSubGraph() ? "desk" : "model";
    return graph.addEdge("greet", node).addEdge(node, "done");
  }

  /** The lines of a run in which the model gave no line of its own. */
  List<String> linesWithoutModel() {
    return switch (this) {
      case BRANCH -> List.of("greet", "weather", "done");
      case COMPILED_SUBGRAPH, SUBGRAPH -> List.of("greet", "before", "after", "done");
      default -> List.of("greet", "done");
    };
  }

  private static StateGraph<AgentState> desk(AsyncNodeActionWithConfig<AgentState> model)
      throws GraphStateException {
    return new StateGraph<>(CHANNELS, AgentState::new)
        .addNode("before", signs("before"))
        .addNode("model", model)
        .addNode("after", signs("after"))
        .addEdge(START, "before")
        .addEdge("before", "model")
        .addEdge("model", "after")
        .addEdge("after", END);
  }

  static AsyncNodeAction<AgentState> signs(String line) {
    return node_async(state -> Map.of("lines", line));
  }

  /** Wants a person's word before it runs. */
  private record Asking(AsyncNodeActionWithConfig<AgentState> action)
      implements AsyncNodeActionWithConfig<AgentState>, InterruptableAction<AgentState> {

    @Override
    public CompletableFuture<Map<String, Object>> apply(AgentState state, RunnableConfig config) {
      return action.apply(state, config);
    }

    @Override
    public Optional<InterruptionMetadata<AgentState>> interrupt(
        String nodeId, AgentState state, RunnableConfig config) {
      return state.value("approved").isPresent()
          ? Optional.empty()
          : Optional.of(InterruptionMetadata.builder(nodeId, state).build());
    }
  }
}
