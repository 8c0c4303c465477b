package dev.fusible;

/**
 * Hears what circuits do. Every method has an empty body to override. Methods run one after the
 * other on a thread of their own, after the state has settled: a slow listener delays no call, and
 * what one throws stops no other.
 */
public interface CircuitBreakerListener {

  /** A circuit's state changed; once for each transition. */
  default void onStateChange(StateChange change) {}

  /** An operation succeeded. */
  default void onSuccess(CallEvent event) {}

  /** An operation failed or took too long. */
  default void onFailure(CallEvent event) {}

  /** A sentence was given in place of an answer. */
  default void onFallback(FallbackEvent event) {}

  /** The store stopped answering ({@code degraded}), or answers again. */
  default void onStoreDegraded(StoreEvent event) {}
}
