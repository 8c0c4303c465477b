package dev.fusible;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The simulated store without any of the simulation's troubles. */
final class DirectStore implements CircuitBreakerStore {

  private final SimulatedStore store = new SimulatedStore(System::nanoTime, commit -> {});

  @Override
  public CompletionStage<CircuitBreakerStoreState> getState(String business) {
    return CompletableFuture.completedStage(store.getState(business));
  }

  @Override
  public CompletionStage<WriteResult> setState(String business, CircuitBreakerStoreState state) {
    return CompletableFuture.completedStage(store.setState(business, state, store.clock(), null));
  }

  @Override
  public CompletionStage<Map<String, CircuitBreakerStoreState>> getStates(
      Collection<String> businesses) {
    return CompletableFuture.completedStage(store.getStates(businesses));
  }

  @Override
  public CompletionStage<WriteResult> claimTrial(
      String business, long version, String token, Duration lease) {
    return CompletableFuture.completedStage(
        store.claimTrial(business, version, token, lease, store.clock(), null));
  }

  @Override
  public CompletionStage<Page> changedSince(long cursor, int limit) {
    return CompletableFuture.completedStage(store.changedSince(cursor, limit));
  }

  @Override
  public void close() {}
}
