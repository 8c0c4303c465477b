package dev.fusible.langgraph4j;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.bsc.langgraph4j.RunnableConfig;
import org.bsc.langgraph4j.StateGraph;
import org.bsc.langgraph4j.action.AsyncNodeActionWithConfig;
import org.bsc.langgraph4j.action.SubCompiledGraphNodeAction;
import org.bsc.langgraph4j.hook.NodeHook;
import org.bsc.langgraph4j.internal.node.ParallelNode.AsyncParallelNodeAction;
import org.bsc.langgraph4j.state.AgentState;
import org.jspecify.annotations.Nullable;

/**
 * Stands around every node of one graph. A compiled graph that is a node gets a hook of its own,
 * which acts only in runs that come through the guarded parent: they say so in their metadata.
 * Thread-safe.
 */
final class GuardHook<S extends AgentState> implements NodeHook.WrapCall<S> {

  private static final AtomicLong INSTALLED = new AtomicLong();

  private final Guard guard;
  private final GraphShape shape;
  private final WayOut wayOut;
  private final String mark;
  private final String prefix;

  private GuardHook(Guard guard, GraphShape shape, WayOut wayOut, String mark, String prefix) {
    this.guard = guard;
    this.shape = shape;
    this.wayOut = wayOut;
    this.mark = mark;
    this.prefix = prefix;
  }

  static <S extends AgentState> void install(
      Guard guard, StateGraph<S> graph, GraphShape shape, WayOut wayOut) {
    String mark = "fusible_guard_" + INSTALLED.incrementAndGet();
    new GuardHook<S>(guard, shape, wayOut, mark, "").installOn(graph);
  }

  private void installOn(StateGraph<S> graph) {
    graph.addWrapCallNodeHook(this);
    shape.compiled().forEach(this::installInside);
  }

  private <T extends AgentState> void installInside(
      String nodeId, GraphShape.Compiled<T> subGraph) {
    String inside = prefix + nodeId + "-";
    new GuardHook<T>(guard, subGraph.shape(), wayOut.through(nodeId), mark, inside)
        .installOn(subGraph.graph());
  }

  @Override
  public CompletableFuture<Map<String, Object>> applyWrap(
      String nodeId, S state, RunnableConfig config, AsyncNodeActionWithConfig<S> action) {
    boolean isOurRun = prefix.isEmpty() || config.metadata(mark).isPresent();
    if (!isOurRun) {
      return action.apply(state, config);
    }
    List<String> branches = shape.forks().get(nodeId);
    if (branches != null) {
      return fork(nodeId, state, config, action, branches);
    }
    if (shape.compiled().containsKey(nodeId)) {
      return action.apply(state, marked(config));
    }
    if (!shape.guards(nodeId)) {
      return action.apply(state, config);
    }
    if (action instanceof SubCompiledGraphNodeAction<?>) {
      throw new IllegalStateException("the sub-graph '" + nodeId + "' was added after addTo");
    }
    return call(nodeId, wayOut.exitOf(nodeId), state, config, action).await();
  }

  private RunnableConfig marked(RunnableConfig config) {
    return config.updateMetadata(Map.of(mark, true));
  }

  private NodeCall<S> call(
      String nodeId,
      @Nullable String exit,
      S state,
      RunnableConfig config,
      AsyncNodeActionWithConfig<S> action) {
    return new NodeCall<>(guard, nodeId, prefix + nodeId, exit, state, config, action);
  }

  /**
   * Guards the branches one by one, where no other hook stands in between, else all as one node.
   */
  private CompletableFuture<Map<String, Object>> fork(
      String nodeId,
      S state,
      RunnableConfig config,
      AsyncNodeActionWithConfig<S> action,
      List<String> branches) {
    boolean touched =
        branches.stream().anyMatch(id -> shape.guards(id) || shape.compiled().containsKey(id));
    if (!touched) {
      return action.apply(state, config);
    }
    if (!(action instanceof AsyncParallelNodeAction<S> fork)
        || fork.actions().size() != branches.size()) {
      return call(nodeId, null, state, config, action).await();
    }
    ConcurrentLinkedQueue<NodeCall<S>> running = new ConcurrentLinkedQueue<>();
    List<AsyncNodeActionWithConfig<S>> actions = new ArrayList<>();
    for (int i = 0; i < branches.size(); i++) {
      actions.add(branch(branches.get(i), fork.actions().get(i), fork, running));
    }
    CompletableFuture<Map<String, Object>> all =
        new AsyncParallelNodeAction<>(fork.nodeId(), actions, fork.channels()).apply(state, config);
    return Waiting.on(all, () -> running.forEach(NodeCall::cancel));
  }

  private AsyncNodeActionWithConfig<S> branch(
      String nodeId,
      AsyncNodeActionWithConfig<S> action,
      AsyncParallelNodeAction<S> fork,
      ConcurrentLinkedQueue<NodeCall<S>> running) {
    if (shape.compiled().containsKey(nodeId)) {
      return (state, config) -> action.apply(state, marked(config));
    }
    if (!shape.guards(nodeId)) {
      return action;
    }
    return (state, config) -> {
      NodeCall<S> call = call(nodeId, null, state, config, action);
      running.add(call);
      return call.asBranch(fork.channels());
    };
  }
}
