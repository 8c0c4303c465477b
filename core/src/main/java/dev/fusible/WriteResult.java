package dev.fusible;

/**
 * How a compare-and-set on a store's row went. An outage is neither: it is a {@link
 * StoreException}.
 */
public sealed interface WriteResult {

  /**
   * The row was written.
   *
   * @param state the row as this very statement wrote it, never a later reading
   */
  record Written(CircuitBreakerStoreState state) implements WriteResult {}

  /**
   * The row was not written: it had changed, or its lease is held.
   *
   * @param current the row as it is
   */
  record Stale(CircuitBreakerStoreState current) implements WriteResult {}
}
