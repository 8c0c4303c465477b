package dev.fusible;

import dev.fusible.WriteResult.Stale;
import dev.fusible.WriteResult.Written;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a database: what its statements do, without the ways in which they fail. Times are
 * readings of its clock. A statement that waits for a row's lock has computed its new values before
 * the wait, so writes are told the time that they compute with.
 */
final class SimulatedStore {

  /** A row with its ages as readings of the store's clock. */
  record Row(
      CircuitBreakerStoreState content,
      long openedAt,
      long trialUntil,
      long writtenAt,
      long change,
      boolean readable) {

    boolean isLeasedAt(long clock) {
      return content.trialToken() != null && trialUntil > clock;
    }
  }

  /** One committed write. */
  record Commit(
      String business,
      @Nullable Row before,
      Row after,
      @Nullable StoreLine author,
      boolean claim) {}

  /** What a backup keeps. */
  record Backup(Map<String, Row> rows, long lastChange) {}

  private final LongSupplier clock;
  private final Consumer<Commit> commits;
  private Map<String, Row> rows = new LinkedHashMap<>();
  private NavigableMap<Long, String> changes = new TreeMap<>();
  private long lastChange;

  SimulatedStore(LongSupplier clock, Consumer<Commit> commits) {
    this.clock = clock;
    this.commits = commits;
  }

  long clock() {
    return clock.getAsLong();
  }

  @Nullable Row row(String business) {
    return rows.get(business);
  }

  CircuitBreakerStoreState getState(String business) {
    Row row = rows.get(business);
    return row != null
        ? readable(row)
        : aged(
            write(
                business,
                null,
                CircuitBreakerStoreState.initial(business),
                "",
                clock(),
                null,
                false));
  }

  WriteResult setState(
      String business,
      CircuitBreakerStoreState state,
      long computedAt,
      @Nullable StoreLine author) {
    Row row = rows.get(business);
    long version = row == null ? 0 : row.content.version();
    if (version != state.version()) {
      return new Stale(row == null ? CircuitBreakerStoreState.initial(business) : readable(row));
    }
    if (row != null && !row.readable) {
      throw StoreException.ofRow("row_unreadable", null);
    }
    return new Written(
        aged(write(business, row, state, state.writeId(), computedAt, author, false)));
  }

  Map<String, CircuitBreakerStoreState> getStates(Collection<String> businesses) {
    Map<String, CircuitBreakerStoreState> states = new LinkedHashMap<>();
    for (String business : businesses) {
      Row row = rows.get(business);
      if (row == null) {
        states.put(business, CircuitBreakerStoreState.initial(business));
      } else if (row.readable) {
        states.put(business, aged(row));
      }
    }
    return states;
  }

  WriteResult claimTrial(
      String business,
      long version,
      String token,
      Duration lease,
      long computedAt,
      @Nullable StoreLine author) {
    Row row = rows.get(business);
    CircuitBreakerStoreState current =
        row == null ? CircuitBreakerStoreState.initial(business) : readable(row);
    if (current.version() != version || (row != null && row.isLeasedAt(computedAt))) {
      return new Stale(current);
    }
    CircuitBreakerStoreState claimed =
        new CircuitBreakerStoreState(
            business,
            CircuitBreakerState.HALF_OPEN,
            current.failureCount(),
            current.requestCount(),
            current.generation() + 1,
            version,
            null,
            current.failedTrials(),
            Instant.EPOCH.plusNanos(computedAt),
            current.lastErrorCode(),
            current.hold(),
            token,
            lease,
            token,
            current.evidence());
    return new Written(aged(write(business, row, claimed, token, computedAt, author, true)));
  }

  Page changedSince(long cursor, int limit) {
    if (cursor < 0) {
      return new Page(List.of(), lastChange);
    }
    List<CircuitBreakerStoreState> states = new ArrayList<>();
    // A cursor from the future is one from before a backup was restored.
    long next = cursor > lastChange ? 0 : cursor;
    int looked = 0;
    for (Map.Entry<Long, String> change : changes.tailMap(next, false).entrySet()) {
      if (looked++ == limit) {
        break;
      }
      Row row = rows.get(change.getValue());
      if (row != null && row.readable) {
        states.add(aged(row));
      }
      next = change.getKey();
    }
    return new Page(states, next);
  }

  private Row write(
      String business,
      @Nullable Row before,
      CircuitBreakerStoreState state,
      String writeId,
      long computedAt,
      @Nullable StoreLine author,
      boolean claim) {
    Duration openedFor = state.openedFor();
    Row after =
        new Row(
            new CircuitBreakerStoreState(
                business,
                state.state(),
                state.failureCount(),
                state.requestCount(),
                state.generation(),
                state.version() + 1,
                openedFor,
                state.failedTrials(),
                state.lastStateChange(),
                state.lastErrorCode(),
                state.hold(),
                state.trialToken(),
                state.trialRemaining(),
                writeId,
                state.evidence()),
            openedFor == null ? computedAt : computedAt - openedFor.toNanos(),
            computedAt + state.trialRemaining().toNanos(),
            computedAt,
            ++lastChange,
            true);
    put(business, before, after);
    commits.accept(new Commit(business, before, after, author, claim));
    return after;
  }

  private void put(String business, @Nullable Row before, Row after) {
    if (before != null) {
      changes.remove(before.change);
    }
    rows.put(business, after);
    changes.put(after.change, business);
  }

  /** Somebody else's write: a newer version of the software, or a slip of the hand. */
  void meddle(String business, boolean readable) {
    Row row = rows.get(business);
    if (row != null && row.readable != readable) {
      Row after =
          new Row(row.content, row.openedAt, row.trialUntil, row.writtenAt, ++lastChange, readable);
      put(business, row, after);
    }
  }

  Backup backup() {
    return new Backup(new LinkedHashMap<>(rows), lastChange);
  }

  void restore(Backup backup) {
    rows = new LinkedHashMap<>(backup.rows);
    changes = new TreeMap<>();
    rows.forEach((business, row) -> changes.put(row.change, business));
    lastChange = backup.lastChange;
  }

  private CircuitBreakerStoreState readable(Row row) {
    if (!row.readable) {
      throw StoreException.ofRow("row_unreadable", null);
    }
    return aged(row);
  }

  private CircuitBreakerStoreState aged(Row row) {
    CircuitBreakerStoreState content = row.content;
    long now = clock();
    return new CircuitBreakerStoreState(
        content.businessId(),
        content.state(),
        content.failureCount(),
        content.requestCount(),
        content.generation(),
        content.version(),
        content.openedFor() == null ? null : Duration.ofNanos(Math.max(0, now - row.openedAt)),
        content.failedTrials(),
        content.lastStateChange(),
        content.lastErrorCode(),
        content.hold(),
        content.trialToken(),
        content.trialToken() == null
            ? Duration.ZERO
            : Duration.ofNanos(Math.max(0, row.trialUntil - now)),
        content.writeId(),
        content.evidence().aged(Duration.ofNanos(Math.max(0, now - row.writtenAt))));
  }
}
