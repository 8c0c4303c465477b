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
    HOLD,
    /** It is never answered, and happens when {@link #happen} is called. */
    DEFER
  }

  private volatile CircuitBreakerStore delegate;
  private final Map<Operation, Fault> faults = new EnumMap<>(Operation.class);
  private final Map<Operation, Integer> counts = new EnumMap<>(Operation.class);
  private final List<Runnable> held = new ArrayList<>();
  private final List<Runnable> deferred = new ArrayList<>();
  private final List<Runnable> listeners = new ArrayList<>();
  private String refused;
  private String hidden;
  private boolean nonsense;

  FlakyStore(CircuitBreakerStore delegate) {
    this.delegate = delegate;
  }

  /** Another store is behind the line from now on, as after a backup was restored. */
  void leadsTo(CircuitBreakerStore other) {
    delegate = other;
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

  void happen(int index) {
    Runnable operation;
    synchronized (this) {
      operation = deferred.get(index);
    }
    operation.run();
  }

  /** From now on all that is asked of this row alone fails; {@code null} for none. */
  synchronized void refuse(String businessId) {
    refused = businessId;
  }

  /** From now on this row is one that can't be understood; {@code null} for none. */
  synchronized void hide(String businessId) {
    hidden = businessId;
  }

  /** From now on, answers are such as no store gives. */
  synchronized void talkNonsense(boolean on) {
    nonsense = on;
  }

  private synchronized boolean isRefused(String businessId) {
    return businessId.equals(refused);
  }

  private synchronized boolean isNonsense() {
    return nonsense;
  }

  private synchronized boolean isHidden(CircuitBreakerStoreState row) {
    return row.businessId().equals(hidden);
  }

  private static <T> CompletionStage<T> refusal() {
    return CompletableFuture.failedStage(new StoreException("refused", null));
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
      case DEFER -> {
        synchronized (this) {
          deferred.add(real::get);
        }
        yield new CompletableFuture<>();
      }
    };
  }

  @Override
  public CompletionStage<CircuitBreakerStoreState> getState(String businessId) {
    return run(Operation.GET, () -> delegate.getState(businessId));
  }

  @Override
  public CompletionStage<WriteResult> setState(String businessId, CircuitBreakerStoreState state) {
    if (isRefused(businessId)) {
      return refusal();
    }
    return run(
        Operation.SET,
        () ->
            isNonsense()
                ? CompletableFuture.completedStage(new WriteResult.Written(null))
                : delegate.setState(businessId, state));
  }

  @Override
  public CompletionStage<Map<String, CircuitBreakerStoreState>> getStates(
      Collection<String> businessIds) {
    return run(
        Operation.GET_MANY,
        () ->
            delegate
                .getStates(businessIds)
                .thenApply(
                    rows -> {
                      rows.values().removeIf(this::isHidden);
                      return rows;
                    }));
  }

  @Override
  public CompletionStage<WriteResult> claimTrial(
      String businessId, long version, String token, Duration lease) {
    if (isRefused(businessId)) {
      return refusal();
    }
    return run(Operation.CLAIM, () -> delegate.claimTrial(businessId, version, token, lease));
  }

  @Override
  public CompletionStage<Page> changedSince(long cursor, int limit) {
    return run(
        Operation.CHANGES,
        () ->
            isNonsense() && cursor >= 0
                ? CompletableFuture.completedStage(null)
                : delegate.changedSince(cursor, limit).thenApply(this::withoutHidden));
  }

  private Page withoutHidden(Page page) {
    List<CircuitBreakerStoreState> rows = new ArrayList<>(page.states());
    rows.removeIf(this::isHidden);
    return new Page(rows, page.cursor());
  }

  @Override
  public synchronized Cancellable onChange(Runnable changed) {
    if (nonsense) {
      throw new IllegalStateException();
    }
    listeners.add(changed);
    return () -> listeners.remove(changed);
  }

  /** As when another instance has changed something. */
  void tell() {
    List.copyOf(listeners).forEach(Runnable::run);
  }

  boolean isListenedTo() {
    return !listeners.isEmpty();
  }

  @Override
  public void close() {}
}
