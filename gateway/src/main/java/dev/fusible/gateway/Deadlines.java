package dev.fusible.gateway;

import io.vertx.core.MultiMap;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How long one turn may be silent.
 *
 * @param firstSpeech before the first speakable piece
 * @param stall between two of them
 */
record Deadlines(Duration firstSpeech, Duration stall) {

  /** In so much time at least six words must come. */
  static final Duration PACE = Duration.ofSeconds(6);

  /** What is left for the way back to an agent that gives up at a time of its own. */
  private static final Duration WAY_BACK = Duration.ofMillis(400);

  private static final Duration SHORTEST = Duration.ofMillis(50);

  /**
   * The configured deadlines, lowered to the breaker's limit of one operation and where the agent's
   * SDK says that it gives up earlier; never raised.
   */
  static Deadlines of(GatewayConfig gateway, boolean streams, MultiMap headers) {
    GatewayConfig.Deadlines config = gateway.deadlines();
    Duration first = streams ? config.firstSpeech() : config.answer();
    Duration timeout = gateway.breaker().timeout();
    if (!timeout.isZero() && timeout.compareTo(first) < 0) {
      first = timeout;
    }
    Duration whole = seconds(headers.get("X-Stainless-Timeout"));
    Duration read = seconds(headers.get("X-Stainless-Read-Timeout"));
    return new Deadlines(lower(lower(first, whole), read), lower(config.stall(), read));
  }

  private static Duration lower(Duration limit, @Nullable Duration agents) {
    if (agents == null) {
      return limit;
    }
    Duration left = agents.minus(WAY_BACK);
    Duration usable = left.compareTo(SHORTEST) < 0 ? SHORTEST : left;
    return usable.compareTo(limit) < 0 ? usable : limit;
  }

  /** Nothing for zero and for nonsense. */
  private static @Nullable Duration seconds(@Nullable String header) {
    if (header == null) {
      return null;
    }
    try {
      double seconds = Double.parseDouble(header.trim());
      return seconds > 0 && seconds < 86_400 ? Duration.ofNanos((long) (seconds * 1e9)) : null;
    } catch (NumberFormatException nonsense) {
      return null;
    }
  }
}
