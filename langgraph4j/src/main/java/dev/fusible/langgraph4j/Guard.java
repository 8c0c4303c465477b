package dev.fusible.langgraph4j;

import dev.fusible.ExecutionResult;
import dev.fusible.StreamOptions;
import dev.fusible.VoiceCircuitBreaker;
import dev.fusible.VoiceCircuitBreakers;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.bsc.langgraph4j.NodeOutput;
import org.bsc.langgraph4j.RunnableConfig;
import org.bsc.langgraph4j.streaming.StreamingOutput;
import org.jspecify.annotations.Nullable;

/** What all calls of guarded nodes share. Immutable. */
record Guard(
    VoiceCircuitBreakers breakers,
    Function<RunnableConfig, @Nullable String> business,
    Function<RunnableConfig, @Nullable String> language,
    BinaryOperator<String> circuit,
    Function<ExecutionResult.Fallback<?>, Map<String, Object>> update,
    Set<String> streaming,
    UnaryOperator<StreamOptions.Builder<NodeOutput<?>>> streamOptions,
    Executor executor) {

  private static final String NOBODY = "default";

  /** The breaker of one call of a node. A run's owner that can't be told is nobody's fault. */
  VoiceCircuitBreaker breaker(RunnableConfig config, String nodeId) {
    String owner = orNull(business, config);
    VoiceCircuitBreaker breaker = owner == null ? null : breaker(owner, nodeId);
    if (breaker == null) {
      breaker = breaker(NOBODY, nodeId);
    }
    if (breaker == null) {
      breaker = breakers.forBusiness(NOBODY);
    }
    String tag = orNull(language, config);
    return tag == null ? breaker : breaker.inLanguage(tag);
  }

  private @Nullable VoiceCircuitBreaker breaker(String owner, String nodeId) {
    String id;
    try {
      id = circuit.apply(owner, nodeId);
    } catch (RuntimeException brokenFunction) {
      return null;
    }
    try {
      return breakers.forBusiness(id);
    } catch (IllegalArgumentException malformed) {
      return null;
    }
  }

  /** The id of a node's own circuit. Nodes may be named in any script, circuits may not. */
  static String ofNode(String owner, String nodeId) {
    StringBuilder id = new StringBuilder(owner).append(':').append(nodeId);
    for (int i = owner.length() + 1; i < id.length(); i++) {
      char c = id.charAt(i);
      boolean plain = c < 128 && (Character.isLetterOrDigit(c) || "._:-".indexOf(c) >= 0);
      if (!plain) {
        id.setCharAt(i, '_');
      }
    }
    return id.toString();
  }

  private static @Nullable String orNull(
      Function<RunnableConfig, @Nullable String> function, RunnableConfig config) {
    try {
      return function.apply(config);
    } catch (RuntimeException brokenFunction) {
      return null;
    }
  }

  StreamOptions<NodeOutput<?>> options(
      Function<ExecutionResult.Fallback<NodeOutput<?>>, NodeOutput<?>> fallback) {
    StreamOptions.Builder<NodeOutput<?>> builder = StreamOptions.builder(fallback);
    builder.speakable(Guard::isSpeakable).passOn(error -> error instanceof CancellationException);
    return streamOptions.apply(builder).build();
  }

  private static boolean isSpeakable(NodeOutput<?> output) {
    if (output instanceof StreamingOutput<?> streaming) {
      String chunk = streaming.chunk();
      return chunk != null && !chunk.isBlank();
    }
    return true;
  }
}
