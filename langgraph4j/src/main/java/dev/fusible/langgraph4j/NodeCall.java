package dev.fusible.langgraph4j;

import dev.fusible.ExecutionResult;
import dev.fusible.StreamedAnswer;
import dev.fusible.VoiceCircuitBreaker;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.bsc.async.AsyncGenerator;
import org.bsc.langgraph4j.NodeOutput;
import org.bsc.langgraph4j.RunnableConfig;
import org.bsc.langgraph4j.action.AsyncNodeActionWithConfig;
import org.bsc.langgraph4j.state.AgentState;
import org.bsc.langgraph4j.state.Channel;
import org.bsc.langgraph4j.streaming.StreamingOutput;
import org.jspecify.annotations.Nullable;

/** One guarded call of a node: one attempt of its circuit, to the end of the node's generator. */
final class NodeCall<S extends AgentState> {

  private final Guard guard;
  private final String nodeId;
  private final String fullId;
  private final @Nullable String note;
  private final S state;
  private final Executor executor;
  private final CompletableFuture<ExecutionResult<Map<String, Object>>> result;
  private volatile @Nullable GuardedGenerator generator;

  /**
   * Starts the call.
   *
   * @param fullId the node's name seen from the guarded graph: {@code subgraph-node} in a sub-graph
   * @param exit whose edge is told of a fallback; {@code null} for none
   */
  NodeCall(
      Guard guard,
      String nodeId,
      String fullId,
      @Nullable String exit,
      S state,
      RunnableConfig config,
      AsyncNodeActionWithConfig<S> action) {
    this.guard = guard;
    this.nodeId = nodeId;
    this.fullId = fullId;
    this.note = exit == null ? null : WayOut.note(exit, fullId);
    this.state = state;
    this.executor = CallerContext.carriedTo(guard.executor());
    VoiceCircuitBreaker breaker = guard.breaker(config, fullId);
    this.result =
        breaker
            .<Map<String, Object>>executeAsync(
                () -> new NodeTask(() -> action.apply(state, config)).startOn(executor),
                this::streamIn)
            .toCompletableFuture();
  }

  private @Nullable StreamedAnswer<NodeOutput<?>> streamIn(Map<String, Object> update) {
    Map.Entry<String, Object> entry = Generators.in(update);
    if (entry == null) {
      return null;
    }
    AsyncGenerator<NodeOutput<?>> original = Generators.of(entry);
    GeneratorPublisher source = new GeneratorPublisher(original, executor);
    GuardedGenerator guarded = new GuardedGenerator(original, source, this);
    generator = guarded;
    return new StreamedAnswer<>(source, guard.options(guarded::spoken), guarded);
  }

  void cancel() {
    result.cancel(true);
    GuardedGenerator guarded = generator;
    if (guarded != null) {
      guarded.cancel(true);
    }
  }

  /** Waits for the node on this thread and gives what the graph gets of it. */
  CompletableFuture<Map<String, Object>> await() {
    CompletableFuture<ExecutionResult<Map<String, Object>>> done =
        Waiting.on(result, () -> result.cancel(true));
    return done.thenApply(this::answer);
  }

  /**
   * What a fork gets of the node as one of its branches, without waiting for it here. A branch that
   * streams is taken to its end, as the library does, since a fork passes no chunks on.
   */
  CompletableFuture<Map<String, Object>> asBranch(Map<String, Channel<?>> channels) {
    return result.thenApplyAsync(
        outcome -> {
          if (outcome instanceof ExecutionResult.Success<Map<String, Object>> success) {
            GuardedGenerator guarded = generator;
            return guarded == null ? success.value() : drained(success.value(), guarded, channels);
          }
          return updateOf((ExecutionResult.Fallback<?>) outcome);
        },
        executor);
  }

  private static Map<String, Object> drained(
      Map<String, Object> update, GuardedGenerator guarded, Map<String, Channel<?>> channels) {
    Map<String, Object> rest = new LinkedHashMap<>(update);
    rest.remove(Objects.requireNonNull(Generators.in(update)).getKey());
    List<NodeOutput<?>> outputs = new ArrayList<>();
    AsyncGenerator.Data<NodeOutput<?>> data = guarded.next();
    while (!data.isDone()) {
      outputs.add(data.future().join());
      data = guarded.next();
    }
    if (guarded.isCancelled()) {
      throw new CancellationException("the fork was cancelled");
    }
    Map<String, Object> fallback = guarded.fallbackUpdate();
    if (fallback != null) {
      rest.putAll(fallback);
      return rest;
    }
    Map<String, Object> merged = rest;
    for (NodeOutput<?> output : outputs) {
      merged = AgentState.updateState(merged, output.state().data(), channels);
    }
    return merged;
  }

  private Map<String, Object> answer(ExecutionResult<Map<String, Object>> outcome) {
    if (outcome instanceof ExecutionResult.Success<Map<String, Object>> success) {
      return unnoted(guarded(success.value()));
    }
    ExecutionResult.Fallback<?> fallback = (ExecutionResult.Fallback<?>) outcome;
    Map<String, Object> update = updateOf(fallback);
    return guard.streaming().contains(fullId)
        ? Map.of("fusible_" + nodeId, new SpokenFallback(chunk(fallback.response().text()), update))
        : update;
  }

  /** The node's update with the guarded generator in place of its own. */
  private Map<String, Object> guarded(Map<String, Object> update) {
    GuardedGenerator guarded = generator;
    if (guarded == null) {
      return update;
    }
    Map<String, Object> copy = new LinkedHashMap<>(update);
    copy.put(Objects.requireNonNull(Generators.in(update)).getKey(), guarded);
    return copy;
  }

  /** Takes out the note of an earlier run that ended between the node and its edge. */
  private Map<String, Object> unnoted(Map<String, Object> update) {
    if (note == null || !WayOut.isNoted(state, note)) {
      return update;
    }
    Map<String, Object> copy = new LinkedHashMap<>(update);
    copy.put(WayOut.NOTE, AgentState.MARK_FOR_REMOVAL);
    return copy;
  }

  /** What a fallback does to the state. A node's own cancellation is no fallback and comes out. */
  Map<String, Object> updateOf(ExecutionResult.Fallback<?> fallback) {
    if (fallback.cause() instanceof CancellationException cancelled
        && !(cancelled instanceof NodeTask.Refused)) {
      throw cancelled;
    }
    Map<String, Object> update = guard.update().apply(fallback);
    if (note == null) {
      return update;
    }
    Map<String, Object> noted = new HashMap<>(update);
    noted.put(WayOut.NOTE, note);
    return noted;
  }

  NodeOutput<?> chunk(String text) {
    return new StreamingOutput<>(text, nodeId, state, null);
  }
}
