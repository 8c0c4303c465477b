package dev.fusible.bench;

import dev.fusible.CircuitBreakerStore;
import dev.fusible.CircuitBreakerStoreState;
import dev.fusible.Page;
import dev.fusible.WriteResult;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts what is asked of a store. */
final class CountingStore implements CircuitBreakerStore {

  private final CircuitBreakerStore store;
  private final AtomicInteger readings = new AtomicInteger();
  private final AtomicInteger refreshes = new AtomicInteger();
  private final AtomicInteger writes = new AtomicInteger();

  CountingStore(CircuitBreakerStore store) {
    this.store = store;
  }

  int readings() {
    return readings.get();
  }

  int queries() {
    return readings.get() + refreshes.get() + writes.get();
  }

  @Override
  public CompletionStage<CircuitBreakerStoreState> getState(String businessId) {
    readings.incrementAndGet();
    return store.getState(businessId);
  }

  @Override
  public CompletionStage<WriteResult> setState(String businessId, CircuitBreakerStoreState state) {
    writes.incrementAndGet();
    return store.setState(businessId, state);
  }

  @Override
  public CompletionStage<Map<String, CircuitBreakerStoreState>> getStates(
      Collection<String> businessIds) {
    readings.incrementAndGet();
    return store.getStates(businessIds);
  }

  @Override
  public CompletionStage<WriteResult> claimTrial(
      String businessId, long version, String token, Duration lease) {
    writes.incrementAndGet();
    return store.claimTrial(businessId, version, token, lease);
  }

  @Override
  public CompletionStage<Page> changedSince(long cursor, int limit) {
    refreshes.incrementAndGet();
    return store.changedSince(cursor, limit);
  }

  @Override
  public void close() {
    store.close();
  }
}
