package dev.fusible.langgraph4j;

import dev.fusible.ExecutionResult;
import dev.fusible.StreamOptions;
import dev.fusible.VoiceCircuitBreakers;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.bsc.langgraph4j.NodeOutput;
import org.bsc.langgraph4j.RunnableConfig;
import org.bsc.langgraph4j.StateGraph;
import org.bsc.langgraph4j.state.AgentState;
import org.jspecify.annotations.Nullable;

/**
 * Guards the nodes of a graph with circuit breakers: a node that fails, hangs or stalls is answered
 * with one short sentence to speak, and the graph's run goes on and ends normally.
 *
 * <pre>{@code
 * var breakers = VoiceCircuitBreakers.builder().language("es-MX").build();
 * GuardedNodes.with(breakers).sentenceTo("reply").addTo(graph);
 * var agent = graph.compile();
 * }</pre>
 *
 * <p>A node's action runs on a thread of its own with the caller's logging context (MDC), so that
 * its time limit fires although {@code node_async} would have run it on the caller's thread; the
 * caller's thread waits and goes on with what comes after the node, as without a guard. A node that
 * answers with a generator is guarded to the generator's end, by the first-content and stall limits
 * of {@link StreamOptions}. Interruptions, checkpoints and reducers are the graph's own affair and
 * go through untouched, as does a {@link java.util.concurrent.CancellationException} of a node.
 *
 * <p>Branches that run in parallel are guarded one by one, at the same time; the nodes of
 * sub-graphs too, compiled or not. Conditional edges, and the command nodes that are made of them,
 * are not guarded: what may fail belongs in a node.
 *
 * <p>Collects how; not thread-safe. It may be added to any number of graphs.
 */
public final class GuardedNodes {

  private final VoiceCircuitBreakers breakers;
  private Set<String> named = Set.of();
  private Set<String> streaming = Set.of();
  private Function<RunnableConfig, @Nullable String> business = RunOwner::business;
  private Function<RunnableConfig, @Nullable String> language = RunOwner::language;
  private @Nullable BinaryOperator<String> circuit;
  private @Nullable Function<ExecutionResult.Fallback<?>, Map<String, Object>> update;
  private @Nullable String goTo;
  private UnaryOperator<StreamOptions.Builder<NodeOutput<?>>> streamOptions =
      UnaryOperator.identity();
  private Executor executor;

  private GuardedNodes(VoiceCircuitBreakers breakers) {
    this.breakers = breakers;
    this.executor = breakers.executor();
  }

  /**
   * Starts with every node guarded, each by a circuit of its own, {@code business:node}: were they
   * to share one, the successes of nodes that can't fail would keep it closed for ever.
   */
  public static GuardedNodes with(VoiceCircuitBreakers breakers) {
    return new GuardedNodes(Objects.requireNonNull(breakers, "breakers"));
  }

  /**
   * Guards these nodes alone, which share the business's circuit, since they are taken to depend on
   * the same thing. A node in a sub-graph is named {@code subgraph-node}; the name of a sub-graph
   * stands for all of its nodes.
   */
  public GuardedNodes nodes(String... nodeIds) {
    this.named = Set.of(nodeIds);
    return this;
  }

  /**
   * Whose run it is: the circuit's business. Default: the metadata {@code businessId}, else what
   * the thread id has before its first {@code @}, as in {@code clinica-sonrisa@call-17}. Runs for
   * which this is {@code null}, throws, or is no valid id share the business {@code default}.
   */
  public GuardedNodes business(Function<RunnableConfig, @Nullable String> businessOfRun) {
    this.business = Objects.requireNonNull(businessOfRun, "businessOfRun");
    return this;
  }

  /**
   * The language of a run's sentences as a BCP 47 tag. Default: the metadata {@code language};
   * where that is {@code null}, the business's, as the breakers know it.
   */
  public GuardedNodes language(Function<RunnableConfig, @Nullable String> languageOfRun) {
    this.language = Objects.requireNonNull(languageOfRun, "languageOfRun");
    return this;
  }

  /**
   * The id of a node's circuit, made of the business and the node: {@code (business, node) ->
   * business + ":booking"} gives a tool a circuit of its own.
   */
  public GuardedNodes circuit(BinaryOperator<String> idOfBusinessAndNode) {
    this.circuit = Objects.requireNonNull(idOfBusinessAndNode, "idOfBusinessAndNode");
    return this;
  }

  /** On a fallback, the sentence becomes the update of this channel. */
  public GuardedNodes sentenceTo(String channel) {
    Objects.requireNonNull(channel, "channel");
    return onFallback(fallback -> Map.of(channel, fallback.response().text()));
  }

  /**
   * On a fallback, what the node answers in place of its own update: for channels that hold
   * messages rather than text, or to note why. It goes through the channels' reducers like any
   * other, and the function runs on whatever thread answers, so it should be short.
   */
  public GuardedNodes onFallback(
      Function<ExecutionResult.Fallback<?>, Map<String, Object>> updateOfFallback) {
    this.update = Objects.requireNonNull(updateOfFallback, "updateOfFallback");
    return this;
  }

  /**
   * After a fallback the graph goes to this node, or to {@link StateGraph#END}, in place of where
   * the edges of the guarded node lead. The library lets only conditional edges choose, so those
   * that leave a guarded node are made conditional. A fallback inside a sub-graph takes effect when
   * the sub-graph ends; a branch that runs in parallel has no edge of its own and only gives the
   * sentence.
   */
  public GuardedNodes goTo(String nodeId) {
    this.goTo = Objects.requireNonNull(nodeId, "nodeId");
    return this;
  }

  /**
   * Names the nodes whose chunks are what the caller hears. Their fallback always comes as a chunk,
   * also when their circuit is open; that of other nodes only after they have begun to stream.
   */
  public GuardedNodes streaming(String... nodeIds) {
    this.streaming = Set.of(nodeIds);
    return this;
  }

  /**
   * Changes the limits of nodes that stream, or what counts as speakable: by default a chunk with
   * more than white space, and any output that is no chunk.
   */
  public GuardedNodes streamOptions(UnaryOperator<StreamOptions.Builder<NodeOutput<?>>> options) {
    this.streamOptions = Objects.requireNonNull(options, "options");
    return this;
  }

  /**
   * Runs the nodes' actions and pulls their generators; default: {@link
   * VoiceCircuitBreakers#executor()}. An executor that carries thread-locals over makes the nodes
   * see those of the caller. {@code Runnable::run} saves the change of thread where every action
   * returns at once with a future or a generator of futures: then only these are limited.
   */
  public GuardedNodes executor(Executor nodes) {
    this.executor = Objects.requireNonNull(nodes, "nodes");
    return this;
  }

  /**
   * Guards the graph as it is now, with the compiled graphs that are its nodes when they run as
   * such; so it comes after the last node and edge, and before {@code compile()}. Hooks that were
   * added before run inside the guard.
   *
   * @return the graph
   * @throws IllegalStateException if nothing is to happen on a fallback, or {@link #goTo} finds a
   *     guarded node that no edge leaves
   * @throws IllegalArgumentException if a node that was named does not exist
   */
  public <S extends AgentState> StateGraph<S> addTo(StateGraph<S> graph) {
    if (update == null && goTo == null) {
      throw new IllegalStateException("say what a fallback does: sentenceTo, onFallback or goTo");
    }
    GraphShape shape = GraphShape.of(graph, named);
    BinaryOperator<String> circuitOf = circuit;
    if (circuitOf == null) {
      circuitOf = named.isEmpty() ? Guard::ofNode : (owner, node) -> owner;
    }
    Guard guard =
        new Guard(
            breakers,
            business,
            language,
            circuitOf,
            update == null ? fallback -> Map.of() : update,
            streaming,
            streamOptions,
            executor);
    WayOut wayOut = goTo == null ? WayOut.NONE : WayOut.open(graph, shape, goTo);
    GuardHook.install(guard, graph, shape, wayOut);
    return graph;
  }
}
