package dev.fusible;

/**
 * What the store is known to hold of a circuit: the row that local changes are counted from.
 *
 * @param version the row's version; 0 when there is no row yet
 * @param generation the row's generation
 * @param state the row's state
 * @param failureCount the row's failures
 * @param requestCount the row's requests
 * @param resets how many resets of the failure count had happened here when the row was as it is:
 *     more since then means that the row's failures are forgotten
 */
record Persisted(
    long version,
    long generation,
    CircuitBreakerState state,
    int failureCount,
    int requestCount,
    int resets) {

  /**
   * Whether it says the same as {@code row}. Where the version is the same and this is not, a
   * backup was restored and written over.
   */
  boolean isOf(CircuitBreakerStoreState row) {
    return equals(of(row, resets));
  }

  Persisted with(int newResets) {
    return new Persisted(version, generation, state, failureCount, requestCount, newResets);
  }

  static Persisted of(CircuitBreakerStoreState row, int resets) {
    return new Persisted(
        row.version(),
        row.generation(),
        row.state(),
        row.failureCount(),
        row.requestCount(),
        resets);
  }
}
