package dev.fusible.langgraph4j;

import static java.util.concurrent.CompletableFuture.completedFuture;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.bsc.langgraph4j.GraphDefinition;
import org.bsc.langgraph4j.StateGraph;
import org.bsc.langgraph4j.action.AsyncCommandAction;
import org.bsc.langgraph4j.action.Command;
import org.bsc.langgraph4j.internal.edge.Edge;
import org.bsc.langgraph4j.internal.edge.EdgeCondition;
import org.bsc.langgraph4j.internal.edge.EdgeValue;
import org.bsc.langgraph4j.state.AgentState;
import org.jspecify.annotations.Nullable;

/**
 * How a graph leaves its usual way after a fallback. A node can't choose the next one: only a
 * conditional edge can, among the targets that it maps. So each edge that leaves a guarded node is
 * given one target more, which it takes when the node left a note in the state. The edge takes the
 * note out again, so nobody else sees it.
 *
 * @param exits by node, whose edge reads its note: its own, or that of the sub-graph it is in
 * @param only whose edge does for all nodes: that of the compiled sub-graph they are in
 */
record WayOut(Map<String, String> exits, @Nullable String only) {

  static final String NOTE = "fusible_fallback";
  static final WayOut NONE = new WayOut(Map.of(), null);

  /** Opens the way out of the guarded nodes to {@code target}. */
  static <S extends AgentState> WayOut open(StateGraph<S> graph, GraphShape shape, String target) {
    Set<String> leaving = new HashSet<>();
    for (String owner : shape.guarded().values()) {
      // The library gives a fork one static edge in place of those of its branches.
      if (!owner.equals(target) && !shape.isBranch(owner)) {
        leaving.add(owner);
      }
    }
    Map<String, String> exits = new HashMap<>();
    Object unneeded =
        graph.reduce(
            (nodes, edges) -> {
              open(edges, leaving, target);
              return edges;
            });
    Objects.requireNonNull(unneeded);
    shape
        .guarded()
        .forEach(
            (nodeId, owner) -> {
              if (leaving.contains(owner)) {
                exits.put(nodeId, owner);
              }
            });
    return new WayOut(Map.copyOf(exits), null);
  }

  private static <S extends AgentState> void open(
      GraphDefinition.Edges<S> edges, Set<String> leaving, String target) {
    for (String nodeId : leaving) {
      if (edges.edgeBySourceId(nodeId).isEmpty()) {
        throw new IllegalStateException(
            "no edge leaves the node '" + nodeId + "': addTo comes after the last edge");
      }
    }
    edges.elements.forEach(
        edge -> {
          if (edge.isParallel()) {
            leaving.remove(edge.sourceId());
          }
        });
    edges.elements.replaceAll(
        edge ->
            leaving.contains(edge.sourceId())
                ? new Edge<>(edge.sourceId(), withWayOut(edge.sourceId(), edge.target(), target))
                : edge);
  }

  private static <S extends AgentState> EdgeValue<S> withWayOut(
      String source, EdgeValue<S> usual, String target) {
    Map<String, String> mappings = new HashMap<>();
    AsyncCommandAction<S> choice;
    if (usual.value() == null) {
      mappings.put(usual.id(), usual.id());
      choice = (state, config) -> completedFuture(new Command(usual.id()));
    } else {
      mappings.putAll(usual.value().mappings());
      choice = usual.value().action();
    }
    mappings.put(NOTE, target);
    Command out = new Command(NOTE, Map.of(NOTE, AgentState.MARK_FOR_REMOVAL));
    return new EdgeValue<>(
        new EdgeCondition<>(
            (state, config) ->
                isFor(state, source) ? completedFuture(out) : choice.apply(state, config),
            mappings));
  }

  /** The way out for what is inside a compiled sub-graph. */
  WayOut through(String nodeId) {
    return new WayOut(Map.of(), exitOf(nodeId));
  }

  /** Whose edge reads the note of a node; {@code null} if there is no way out. */
  @Nullable String exitOf(String nodeId) {
    return only != null ? only : exits.get(nodeId);
  }

  /** What a node leaves in the state: whose edge is to read it, and who wrote it. */
  static String note(String exit, String nodeId) {
    return exit + "\n" + nodeId;
  }

  static boolean isNoted(AgentState state, String note) {
    return note.equals(state.data().get(NOTE));
  }

  private static boolean isFor(AgentState state, String exit) {
    return state.data().get(NOTE) instanceof String note && note.startsWith(exit + "\n");
  }
}
