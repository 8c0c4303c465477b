package dev.fusible.bench;

import dev.fusible.VoiceCircuitBreakers;
import dev.fusible.langgraph4j.GuardedNodes;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.bsc.langgraph4j.CompiledGraph;
import org.bsc.langgraph4j.GraphStateException;
import org.bsc.langgraph4j.StateGraph;
import org.bsc.langgraph4j.action.AsyncNodeAction;
import org.bsc.langgraph4j.state.AgentState;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * A whole run of a graph whose one node does nothing, with the limit on the future that it returns:
 * guarded, and not ({@code bare}). {@code fusible-own-thread} is the default of the guard, which
 * frees the caller also of a node that blocks.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init") // JMH fills the fields in.
public class TimedGraph {

  static final List<String> SUBJECTS =
      List.of(Subjects.BARE, Subjects.OURS, Subjects.OURS + "-own-thread");

  /** Guarded or not. */
  @Param({"bare", "fusible"})
  public String subject;

  private final VoiceCircuitBreakers breakers = VoiceCircuitBreakers.builder().build();
  private CompiledGraph<AgentState> graph;

  /** The graph, compiled. */
  @Setup(Level.Trial)
  public void make() throws GraphStateException {
    StateGraph<AgentState> plan = new StateGraph<>(AgentState::new);
    AsyncNodeAction<AgentState> idle = state -> CompletableFuture.completedFuture(Map.of());
    plan.addNode("idle", idle);
    plan.addEdge(StateGraph.START, "idle");
    plan.addEdge("idle", StateGraph.END);
    if (!subject.equals(Subjects.BARE)) {
      GuardedNodes guard = GuardedNodes.with(breakers).sentenceTo("reply");
      if (subject.equals(Subjects.OURS)) {
        guard = guard.executor(Runnable::run);
      }
      guard.addTo(plan);
    }
    graph = plan.compile();
  }

  /** Ends what the guard began. */
  @TearDown(Level.Trial)
  public void close() {
    breakers.close();
  }

  @Benchmark
  public Object graphNode() {
    return graph.invoke(Map.of());
  }
}
