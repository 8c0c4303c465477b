package dev.fusible;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * A real store in memory behind a line that can fail in every way, and that counts what goes over
 * it.
 */
final class FlakyStore implements CircuitBreakerStore {

  enum Operation {
    GET,
    SET,
    GET_MANY,
    CLAIM,
    CHANGES
  }

  enum Fault {
    NONE,
    /** Nothing happens and the stage fails. */
    FAIL,
    /** Nothing happens and the stage never ends. */
    HANG,
    /** The method itself throws. */
    THROW,
    /** It happens, and the stage fails. */
    LOSE_ANSWER,
    /** It happens, and is answered when {@link #release} is called. */
    HOLD
  }

  private final CircuitBreakerStore delegate;
  private final Map<Operation, Fault> faults = new EnumMap<>(Operation.class);
  private final Map<Operation, Integer> counts = new EnumMap<>(Operation.class);
  private final List<Runnable> held = new ArrayList<>();

  FlakyStore(CircuitBreakerStore delegate) {
    this.delegate = delegate;
  }

  synchronized void all(Fault fault) {
    for (Operation operation : Operation.values()) {
      faults.put(operation, fault);
    }
  }

  synchronized void fault(Operation operation, Fault fault) {
    faults.put(operation, fault);
  }

  synchronized int count(Operation operation) {
    return counts.getOrDefault(operation, 0);
  }

  synchronized int count() {
    return counts.values().stream().mapToInt(Integer::intValue).sum();
  }

  synchronized void resetCounts() {
    counts.clear();
  }

  void release() {
    List<Runnable> answers;
    synchronized (this) {
      answers = List.copyOf(held);
      held.clear();
    }
    answers.forEach(Runnable::run);
  }

  private <T> CompletionStage<T> run(Operation operation, Supplier<CompletionStage<T>> real) {
    Fault fault;
    synchronized (this) {
      counts.merge(operation, 1, Integer::sum);
      fault = faults.getOrDefault(operation, Fault.NONE);
    }
    StoreException outage = new StoreException("unreachable", null);
    return switch (fault) {
      case NONE -> real.get();
      case FAIL -> CompletableFuture.failedStage(outage);
      case HANG -> new CompletableFuture<>();
      case THROW -> throw outage;
      case LOSE_ANSWER -> real.get().thenCompose(x -> CompletableFuture.failedStage(outage));
      case HOLD -> {
        T answer = real.get().toCompletableFuture().join();
        CompletableFuture<T> later = new CompletableFuture<>();
        synchronized (this) {
          held.add(() -> later.complete(answer));
        }
        yield later;
      }
    };
  }

  @Override
  public CompletionStage<CircuitBreakerStoreState> getState(String businessId) {
    return run(Operation.GET, () -> delegate.getState(businessId));
  }

  @Override
  public CompletionStage<WriteResult> setState(String businessId, CircuitBreakerStoreState state) {
    return run(Operation.SET, () -> delegate.setState(businessId, state));
  }

  @Override
  public CompletionStage<Map<String, CircuitBreakerStoreState>> getStates(
      Collection<String> businessIds) {
    return run(Operation.GET_MANY, () -> delegate.getStates(businessIds));
  }

  @Override
  public CompletionStage<WriteResult> claimTrial(
      String businessId, long version, String token, Duration lease) {
    return run(Operation.CLAIM, () -> delegate.claimTrial(businessId, version, token, lease));
  }

  @Override
  public CompletionStage<Page> changedSince(long cursor, int limit) {
    return run(Operation.CHANGES, () -> delegate.changedSince(cursor, limit));
  }

  @Override
  public void close() {}
}
