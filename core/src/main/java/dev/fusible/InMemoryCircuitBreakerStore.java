package dev.fusible;

import dev.fusible.WriteResult.Stale;
import dev.fusible.WriteResult.Written;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** Rows in a map under one short lock that is never held across anything but map operations. */
final class InMemoryCircuitBreakerStore implements CircuitBreakerStore {

  /** A row with its ages as readings of this store's clock. */
  private record Row(
      CircuitBreakerStoreState state,
      long openedAtNanos,
      long trialUntilNanos,
      long writtenAtNanos,
      long change) {}

  private final TimeSource time;
  private final Map<String, Row> rows = new LinkedHashMap<>();
  private final NavigableMap<Long, String> changes = new TreeMap<>();
  private long lastChange;
  private boolean closed;

  InMemoryCircuitBreakerStore(TimeSource time) {
    this.time = time;
  }

  @Override
  public CompletionStage<CircuitBreakerStoreState> getState(String businessId) {
    return locked(
        () -> {
          Row row = rows.get(businessId);
          return row != null
              ? aged(row)
              : write(businessId, CircuitBreakerStoreState.initial(businessId), 0, "");
        });
  }

  @Override
  public CompletionStage<WriteResult> setState(String businessId, CircuitBreakerStoreState state) {
    return locked(
        () -> {
          Row row = rows.get(businessId);
          long version = row == null ? 0 : row.state.version();
          if (version != state.version()) {
            return new Stale(
                row == null ? CircuitBreakerStoreState.initial(businessId) : aged(row));
          }
          return new Written(write(businessId, state, version, state.writeId()));
        });
  }

  @Override
  public CompletionStage<Map<String, CircuitBreakerStoreState>> getStates(
      Collection<String> businessIds) {
    return locked(
        () -> {
          Map<String, CircuitBreakerStoreState> states = new LinkedHashMap<>();
          for (String id : businessIds) {
            Row row = rows.get(id);
            states.put(id, row == null ? CircuitBreakerStoreState.initial(id) : aged(row));
          }
          return states;
        });
  }

  @Override
  public CompletionStage<WriteResult> claimTrial(
      String businessId, long version, String token, Duration lease) {
    return locked(
        () -> {
          Row row = rows.get(businessId);
          CircuitBreakerStoreState current =
              row == null ? CircuitBreakerStoreState.initial(businessId) : aged(row);
          if (current.version() != version || !current.trialRemaining().isZero()) {
            return new Stale(current);
          }
          return new Written(write(businessId, claimed(current, token, lease), version, token));
        });
  }

  private CircuitBreakerStoreState claimed(
      CircuitBreakerStoreState row, String token, Duration lease) {
    return new CircuitBreakerStoreState(
        row.businessId(),
        CircuitBreakerState.HALF_OPEN,
        row.failureCount(),
        row.requestCount(),
        row.generation() + 1,
        row.version(),
        null,
        row.failedTrials(),
        time.now(),
        row.lastErrorCode(),
        row.hold(),
        token,
        lease,
        token,
        row.evidence());
  }

  @Override
  public CompletionStage<Page> changedSince(long cursor, int limit) {
    return locked(
        () -> {
          if (cursor < 0) {
            return new Page(List.of(), lastChange);
          }
          List<CircuitBreakerStoreState> states = new ArrayList<>();
          long next = cursor;
          for (Map.Entry<Long, String> change : changes.tailMap(cursor, false).entrySet()) {
            if (states.size() == limit) {
              break;
            }
            states.add(aged(Objects.requireNonNull(rows.get(change.getValue()))));
            next = change.getKey();
          }
          return new Page(states, next);
        });
  }

  @Override
  public synchronized void close() {
    closed = true;
  }

  private synchronized <T> CompletionStage<T> locked(Supplier<T> operation) {
    return closed
        ? CompletableFuture.failedStage(new StoreException("closed", null))
        : CompletableFuture.completedStage(operation.get());
  }

  private CircuitBreakerStoreState write(
      String businessId, CircuitBreakerStoreState state, long version, String writeId) {
    long now = time.nanoTime();
    Duration openedFor = state.openedFor();
    Row old = rows.get(businessId);
    if (old != null) {
      changes.remove(old.change);
    }
    Row row =
        new Row(
            new CircuitBreakerStoreState(
                businessId,
                state.state(),
                state.failureCount(),
                state.requestCount(),
                state.generation(),
                version + 1,
                openedFor,
                state.failedTrials(),
                state.lastStateChange(),
                state.lastErrorCode(),
                state.hold(),
                state.trialToken(),
                state.trialRemaining(),
                writeId,
                state.evidence()),
            openedFor == null ? now : now - openedFor.toNanos(),
            now + state.trialRemaining().toNanos(),
            now,
            ++lastChange);
    rows.put(businessId, row);
    changes.put(row.change, businessId);
    return aged(row);
  }

  private CircuitBreakerStoreState aged(Row row) {
    CircuitBreakerStoreState state = row.state;
    long now = time.nanoTime();
    return new CircuitBreakerStoreState(
        state.businessId(),
        state.state(),
        state.failureCount(),
        state.requestCount(),
        state.generation(),
        state.version(),
        state.openedFor() == null ? null : Duration.ofNanos(now - row.openedAtNanos),
        state.failedTrials(),
        state.lastStateChange(),
        state.lastErrorCode(),
        state.hold(),
        state.trialToken(),
        state.trialToken() == null
            ? Duration.ZERO
            : Duration.ofNanos(Math.max(0, row.trialUntilNanos - now)),
        state.writeId(),
        state.evidence().aged(Duration.ofNanos(now - row.writtenAtNanos)));
  }
}
