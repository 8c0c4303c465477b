package dev.fusible.langgraph4j;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.bsc.langgraph4j.GraphDefinition;
import org.bsc.langgraph4j.StateGraph;
import org.bsc.langgraph4j.internal.edge.Edge;
import org.bsc.langgraph4j.internal.edge.EdgeValue;
import org.bsc.langgraph4j.internal.node.Node;
import org.bsc.langgraph4j.internal.node.ParallelNode;
import org.bsc.langgraph4j.internal.node.SubCompiledGraphNode;
import org.bsc.langgraph4j.internal.node.SubStateGraphNode;
import org.bsc.langgraph4j.state.AgentState;

/**
 * What a graph looks like to its hooks, which see node ids alone: which of them are guarded, which
 * are forks and of what branches, and which are compiled graphs with hooks of their own. The nodes
 * of a sub-graph that is compiled with its parent appear among the parent's, as {@code
 * subgraph-node}.
 *
 * @param all whether all nodes are guarded
 * @param guarded the nodes that are, each with the node of the graph itself that it belongs to: a
 *     sub-graph, or itself
 * @param forks the branches of each fork, in the library's order
 * @param compiled the compiled graphs that are nodes, where any of their nodes is guarded
 */
record GraphShape(
    boolean all,
    Map<String, String> guarded,
    Map<String, List<String>> forks,
    Map<String, Compiled<?>> compiled) {

  /** A graph that was compiled before it became a node. */
  record Compiled<S extends AgentState>(StateGraph<S> graph, GraphShape shape) {

    static <S extends AgentState> Compiled<S> of(StateGraph<S> graph, Set<String> named) {
      return new Compiled<>(graph, GraphShape.of(graph, named));
    }
  }

  /** The shape of a graph of which the named nodes are guarded, or all when none is named. */
  static GraphShape of(StateGraph<? extends AgentState> graph, Set<String> named) {
    Reading reading = new Reading(named);
    reading.read(graph, "", "", named.isEmpty());
    for (String nodeId : named) {
      boolean inside = reading.compiled.keySet().stream().anyMatch(id -> isInside(id, nodeId));
      if (!inside && !reading.guarded.containsKey(nodeId)) {
        throw new IllegalArgumentException("no node '" + nodeId + "' in the graph");
      }
    }
    return new GraphShape(
        named.isEmpty(),
        Map.copyOf(reading.guarded),
        Map.copyOf(reading.forks),
        Map.copyOf(reading.compiled));
  }

  boolean guards(String nodeId) {
    return guarded.containsKey(nodeId) || (all && !isBridge(nodeId));
  }

  /** Whether the library made the node to lead into a sub-graph or out of it. */
  private static boolean isBridge(String nodeId) {
    return nodeId.endsWith(GraphDefinition.START) || nodeId.endsWith(GraphDefinition.END);
  }

  private static boolean isInside(String subGraphId, String nodeId) {
    return nodeId.startsWith(subGraphId + "-");
  }

  boolean isBranch(String nodeId) {
    return forks.values().stream().anyMatch(branches -> branches.contains(nodeId));
  }

  /** Collects the shape of a graph and of the graphs that are compiled with it. */
  private static final class Reading {

    private final Set<String> named;
    private final Map<String, String> guarded = new HashMap<>();
    private final Map<String, List<String>> forks = new HashMap<>();
    private final Map<String, Compiled<?>> compiled = new HashMap<>();

    Reading(Set<String> named) {
      this.named = named;
    }

    <S extends AgentState> void read(
        StateGraph<S> graph, String prefix, String owner, boolean whole) {
      Object unneeded =
          graph.reduce(
              (nodes, edges) -> {
                nodes.elements.forEach(node -> read(node, prefix, owner, whole));
                edges.elements.forEach(edge -> read(edge, nodes, prefix));
                return this;
              });
      Objects.requireNonNull(unneeded);
    }

    private void read(Node<? extends AgentState> node, String prefix, String owner, boolean whole) {
      String id = prefix + node.id();
      String ownerOfNode = owner.isEmpty() ? id : owner;
      boolean isGuarded = whole || named.contains(id);
      if (isGuarded) {
        guarded.put(id, ownerOfNode);
      }
      if (node instanceof SubStateGraphNode<?> merged) {
        read(merged.subGraph(), id + "-", ownerOfNode, isGuarded);
      } else if (node instanceof SubCompiledGraphNode<?> graphNode) {
        Set<String> inside =
            named.stream()
                .filter(name -> isInside(id, name))
                .map(name -> name.substring(id.length() + 1))
                .collect(Collectors.toSet());
        if (isGuarded) {
          compiled.put(id, Compiled.of(graphNode.subGraph(), Set.of()));
        } else if (!inside.isEmpty()) {
          compiled.put(id, Compiled.of(graphNode.subGraph(), inside));
        }
      }
    }

    private <S extends AgentState> void read(
        Edge<S> edge, GraphDefinition.Nodes<S> nodes, String prefix) {
      if (!edge.isParallel()) {
        return;
      }
      List<String> branches = new ArrayList<>();
      for (EdgeValue<S> target : edge.targets()) {
        if (target.id() != null && nodes.anyMatchById(target.id())) {
          branches.add(prefix + target.id());
        }
      }
      forks.put(ParallelNode.formatNodeId(prefix + edge.sourceId()), List.copyOf(branches));
    }
  }
}
