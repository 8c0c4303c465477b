package dev.fusible;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/**
 * Where circuits' states are kept, so that they survive restarts and are shared by all instances.
 * Thread-safe.
 *
 * <p>No method may block its caller. An outage is a stage that fails with {@link StoreException}; a
 * row that is not there is no outage, and what is wrong with one row alone is said by {@link
 * StoreException#ofRow}. Every implementation passes {@code CircuitBreakerStoreContract} of the
 * testkit.
 *
 * <p>An id is a business's, 1 to 128 of {@code A-Z a-z 0-9 . _ : -}, or {@code upstream/} and an
 * upstream's name of the same alphabet: the slash keeps the two apart, whatever they are called.
 */
public interface CircuitBreakerStore extends AutoCloseable {

  /** The circuit's row; creates the initial CLOSED one (version 1) if there is none. */
  CompletionStage<CircuitBreakerStoreState> getState(String businessId);

  /**
   * Compare-and-set: writes {@code state} as version {@code state.version() + 1} if the row's
   * version still is {@code state.version()} (0: there is no row yet). A {@code trialToken} with a
   * positive {@code trialRemaining} keeps a lease, none frees it.
   *
   * @return {@link WriteResult.Written} with the row that this statement wrote, or {@link
   *     WriteResult.Stale} with the row as it is
   */
  CompletionStage<WriteResult> setState(String businessId, CircuitBreakerStoreState state);

  /**
   * The rows of many circuits in one reading. A business without a row gets {@link
   * CircuitBreakerStoreState#initial}, and nothing is written. A row that can't be understood is
   * left out, and left as it is.
   */
  CompletionStage<Map<String, CircuitBreakerStoreState>> getStates(Collection<String> businessIds);

  /**
   * Claims the right to run the trial, for {@code lease} on the store's clock: sets HALF_OPEN and
   * the token, raises the version and the generation by one.
   *
   * @return {@link WriteResult.Stale} if the version has moved on, or if a lease that has not run
   *     out is held, even at the current version
   */
  CompletionStage<WriteResult> claimTrial(
      String businessId, long version, String token, Duration lease);

  /**
   * Rows that were written after {@code cursor}, oldest first, {@code limit} at most. Start with 0
   * for all rows, or with -1 for an empty page whose cursor is the present end. No committed change
   * may be missed; a row may come twice.
   */
  CompletionStage<Page> changedSince(long cursor, int limit);

  /**
   * Asks to be told when another instance changed a circuit's state, so that it is looked for
   * sooner than in its turn. Returns at once. It is a hint: {@code changed} may come late, twice,
   * for nothing or never, and must return soon. A store that can't tell does nothing.
   *
   * @return calls it off
   */
  default Cancellable onChange(Runnable changed) {
    return () -> {};
  }

  /** Frees what the store holds. Operations after it fail with {@link StoreException}. */
  @Override
  void close();

  /** A store in this process's memory: nothing survives a restart. */
  static CircuitBreakerStore inMemory() {
    return inMemory(TimeSource.system());
  }

  /** A store in memory whose clock is {@code time}. */
  static CircuitBreakerStore inMemory(TimeSource time) {
    return new InMemoryCircuitBreakerStore(time);
  }
}
