package dev.fusible;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A listener that remembers what it heard. */
class Heard implements CircuitBreakerListener {

  final List<StateChange> changes = new CopyOnWriteArrayList<>();
  final List<CallEvent> successes = new CopyOnWriteArrayList<>();
  final List<CallEvent> failures = new CopyOnWriteArrayList<>();
  final List<FallbackEvent> fallbacks = new CopyOnWriteArrayList<>();
  final List<StoreEvent> store = new CopyOnWriteArrayList<>();

  /** Everything, in its order: a word for each. */
  final List<String> all = new CopyOnWriteArrayList<>();

  @Override
  public void onStateChange(StateChange change) {
    changes.add(change);
    all.add(change.from() + ">" + change.to());
  }

  @Override
  public void onSuccess(CallEvent event) {
    successes.add(event);
    all.add("success");
  }

  @Override
  public void onFailure(CallEvent event) {
    failures.add(event);
    all.add("failure");
  }

  @Override
  public void onFallback(FallbackEvent event) {
    fallbacks.add(event);
    all.add("fallback");
  }

  @Override
  public void onStoreDegraded(StoreEvent event) {
    store.add(event);
    all.add(event.degraded() ? "degraded" : "recovered");
  }
}
