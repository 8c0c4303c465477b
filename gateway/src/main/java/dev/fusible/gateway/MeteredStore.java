package dev.fusible.gateway;

import dev.fusible.Cancellable;
import dev.fusible.CircuitBreakerStore;
import dev.fusible.CircuitBreakerStoreState;
import dev.fusible.Page;
import dev.fusible.TimeSource;
import dev.fusible.WriteResult;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** A store whose operations are measured. Thread-safe. */
final class MeteredStore implements CircuitBreakerStore {

  private final CircuitBreakerStore store;
  private final Meters meters;
  private final TimeSource time;

  MeteredStore(CircuitBreakerStore store, Meters meters, TimeSource time) {
    this.store = store;
    this.meters = meters;
    this.time = time;
  }

  @Override
  public CompletionStage<CircuitBreakerStoreState> getState(String businessId) {
    return measured("get", time.nanoTime(), store.getState(businessId));
  }

  @Override
  public CompletionStage<WriteResult> setState(String businessId, CircuitBreakerStoreState state) {
    return measured("set", time.nanoTime(), store.setState(businessId, state));
  }

  @Override
  public CompletionStage<Map<String, CircuitBreakerStoreState>> getStates(
      Collection<String> businessIds) {
    return measured("get_many", time.nanoTime(), store.getStates(businessIds));
  }

  @Override
  public CompletionStage<WriteResult> claimTrial(
      String businessId, long version, String token, Duration lease) {
    return measured("claim", time.nanoTime(), store.claimTrial(businessId, version, token, lease));
  }

  @Override
  public CompletionStage<Page> changedSince(long cursor, int limit) {
    return measured("refresh", time.nanoTime(), store.changedSince(cursor, limit));
  }

  @Override
  public Cancellable onChange(Runnable changed) {
    return store.onChange(changed);
  }

  private <T> CompletionStage<T> measured(
      String operation, long startNanos, CompletionStage<T> stage) {
    return stage.whenComplete(
        (result, failure) ->
            meters.storeOperation(
                operation,
                failure != null
                    ? "error"
                    : result instanceof WriteResult.Stale ? "stale" : "success",
                Duration.ofNanos(time.nanoTime() - startNanos)));
  }

  @Override
  public void close() {
    store.close();
  }
}
