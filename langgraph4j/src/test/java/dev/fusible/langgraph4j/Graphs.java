package dev.fusible.langgraph4j;

import static org.bsc.langgraph4j.GraphDefinition.END;
import static org.bsc.langgraph4j.GraphDefinition.START;

import java.util.List;
import java.util.Map;
import org.bsc.langgraph4j.CompiledGraph;
import org.bsc.langgraph4j.GraphInput;
import org.bsc.langgraph4j.GraphStateException;
import org.bsc.langgraph4j.RunnableConfig;
import org.bsc.langgraph4j.StateGraph;
import org.bsc.langgraph4j.action.AsyncNodeActionWithConfig;
import org.bsc.langgraph4j.action.NodeActionWithConfig;
import org.bsc.langgraph4j.state.AgentState;

/** Small graphs, and runs of them on the test's own thread. */
final class Graphs {

  static final RunnableConfig CLINIC =
      RunnableConfig.builder().threadId("clinica-sonrisa@call-1").build();

  private Graphs() {}

  static StateGraph<AgentState> empty() {
    return new StateGraph<>(Place.CHANNELS, AgentState::new);
  }

  /** {@code START → model → END}. */
  static StateGraph<AgentState> of(NodeActionWithConfig<AgentState> model)
      throws GraphStateException {
    return ofAsync(AsyncNodeActionWithConfig.node_async(model));
  }

  static StateGraph<AgentState> ofAsync(AsyncNodeActionWithConfig<AgentState> model)
      throws GraphStateException {
    return empty().addNode("model", model).addEdge(START, "model").addEdge("model", END);
  }

  static NodeActionWithConfig<AgentState> failing() {
    return (state, config) -> {
      throw new IllegalStateException(Model.CANARY);
    };
  }

  static NodeActionWithConfig<AgentState> answering() {
    return (state, config) -> Map.of("reply", Model.ANSWER);
  }

  /** Runs the graph as the clinic's and gives its last state. */
  static AgentState run(StateGraph<AgentState> graph) throws GraphStateException {
    return run(graph.compile(), CLINIC);
  }

  static AgentState run(CompiledGraph<AgentState> graph, RunnableConfig config) {
    return graph.invoke(GraphInput.args(Map.of()), config).orElseThrow();
  }

  /** The ids of the nodes that a run came through. */
  static List<String> way(CompiledGraph<AgentState> graph, RunnableConfig config) {
    return graph.stream(GraphInput.args(Map.of()), config).stream()
        .map(output -> output.node())
        .toList();
  }
}
