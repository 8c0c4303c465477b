package dev.fusible.jdbc;

import dev.fusible.CircuitBreakerState;
import dev.fusible.CircuitBreakerStoreState;
import dev.fusible.Evidence;
import dev.fusible.Hold;
import dev.fusible.StoreException;
import dev.fusible.WriteResult;
import dev.fusible.WriteResult.Stale;
import dev.fusible.WriteResult.Written;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The table of circuits, read and written on connections in autocommit mode, each call blocking.
 * Immutable.
 */
final class CircuitTable {

  private static final String UNREADABLE = "row_unreadable";

  /** An age beyond this is a clock's accident, and would not fit into nanoseconds. */
  private static final long LONGEST_MILLIS = Duration.ofDays(3_650).toMillis();

  private final Dialect dialect;
  private final Visibility visibility;
  private final String select;
  private final String selectMany;
  private final String insert;
  private final String update;
  private final String claim;

  CircuitTable(Dialect dialect, Visibility visibility) {
    this.dialect = dialect;
    this.visibility = visibility;
    Statements statements = new Statements(dialect);
    this.select = statements.select();
    this.selectMany = statements.selectMany();
    this.insert = statements.insert();
    this.update = statements.update();
    this.claim = statements.claim();
  }

  /** One row of the table: a {@code null} state is one that can't be understood. */
  record Row(String id, @Nullable CircuitBreakerStoreState state) {

    CircuitBreakerStoreState readable() {
      if (state == null) {
        throw StoreException.ofRow(UNREADABLE, null);
      }
      return state;
    }
  }

  CircuitBreakerStoreState getState(Connection connection, CircuitKey key) throws SQLException {
    Row row = read(connection, key);
    if (row == null) {
      row = write(connection, insert, key, CircuitBreakerStoreState.initial(key.id()), () -> {});
    }
    if (row == null) {
      // Another was faster.
      row = read(connection, key);
    }
    if (row == null) {
      visibility.check(connection);
    }
    return row == null ? CircuitBreakerStoreState.initial(key.id()) : row.readable();
  }

  /**
   * @param transition run if it was one, and is written
   */
  WriteResult setState(
      Connection connection, CircuitKey key, CircuitBreakerStoreState state, Runnable transition)
      throws SQLException {
    String sql = state.version() == 0 ? insert : update;
    Row row = write(connection, sql, key, state, transition);
    return row == null ? stale(connection, key, state.version()) : new Written(row.readable());
  }

  /**
   * @param transition run if the trial is claimed
   */
  WriteResult claimTrial(
      Connection connection,
      CircuitKey key,
      long version,
      String token,
      Duration lease,
      Runnable transition)
      throws SQLException {
    Row row =
        version == 0
            ? write(connection, insert, key, firstClaim(key, token, lease), transition)
            : claim(connection, key, version, token, lease, transition);
    return row == null ? stale(connection, key, version) : new Written(row.readable());
  }

  /** A row that is not there, or is as it was expected, may not have been free to be written. */
  private WriteResult stale(Connection connection, CircuitKey key, long expectedVersion)
      throws SQLException {
    Row row = read(connection, key);
    if (row == null || (row.state != null && row.state.version() == expectedVersion)) {
      visibility.check(connection);
    }
    return new Stale(row == null ? CircuitBreakerStoreState.initial(key.id()) : row.readable());
  }

  private static CircuitBreakerStoreState firstClaim(CircuitKey key, String token, Duration lease) {
    return new CircuitBreakerStoreState(
        key.id(),
        CircuitBreakerState.HALF_OPEN,
        0,
        0,
        1,
        0,
        null,
        0,
        Instant.now(),
        null,
        Hold.NONE,
        token,
        lease,
        token);
  }

  /** The rows of those keys that have one; those that can't be understood are left out. */
  Map<String, CircuitBreakerStoreState> getStates(
      Connection connection, Collection<CircuitKey> keys) throws SQLException {
    Map<String, CircuitBreakerStoreState> states = new LinkedHashMap<>();
    keys.forEach(key -> states.put(key.id(), CircuitBreakerStoreState.initial(key.id())));
    List<Row> rows;
    try (PreparedStatement statement = connection.prepareStatement(selectMany)) {
      statement.setString(1, dialect.list(names(keys, CircuitKey.BUSINESS)));
      statement.setString(2, dialect.list(names(keys, CircuitKey.UPSTREAM)));
      rows = rows(statement);
    }
    if (rows.isEmpty()) {
      visibility.check(connection);
    }
    for (Row row : rows) {
      if (row.state == null) {
        states.remove(row.id);
      } else {
        states.put(row.id, row.state);
      }
    }
    return states;
  }

  private static List<String> names(Collection<CircuitKey> keys, String kind) {
    return keys.stream().filter(key -> key.kind().equals(kind)).map(CircuitKey::name).toList();
  }

  private @Nullable Row read(Connection connection, CircuitKey key) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(select)) {
      statement.setString(1, key.kind());
      statement.setString(2, key.name());
      List<Row> rows = rows(statement);
      return rows.isEmpty() ? null : rows.get(0);
    }
  }

  private @Nullable Row write(
      Connection connection,
      String sql,
      CircuitKey key,
      CircuitBreakerStoreState state,
      Runnable transition)
      throws SQLException {
    boolean isOpen = state.state() == CircuitBreakerState.OPEN;
    Duration openedFor = isOpen && state.openedFor() == null ? Duration.ZERO : state.openedFor();
    Instant changed = state.lastStateChange();
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setString(1, key.kind());
      statement.setString(2, key.name());
      statement.setLong(3, state.version());
      statement.setString(4, state.writeId());
      statement.setString(5, state.trialToken());
      statement.setLong(6, state.trialRemaining().toMillis());
      statement.setString(7, state.state().name());
      statement.setInt(8, state.failureCount());
      statement.setInt(9, state.requestCount());
      statement.setLong(10, state.generation());
      setMillis(statement, 11, openedFor == null ? null : openedFor.toMillis());
      statement.setInt(12, state.failedTrials());
      setMillis(statement, 13, changed == null ? null : changed.toEpochMilli());
      statement.setString(14, state.lastErrorCode());
      statement.setString(15, state.hold().name());
      statement.setString(16, EvidenceText.of(state.evidence()));
      return written(statement, transition);
    }
  }

  private @Nullable Row claim(
      Connection connection,
      CircuitKey key,
      long version,
      String token,
      Duration lease,
      Runnable transition)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(claim)) {
      statement.setString(1, key.kind());
      statement.setString(2, key.name());
      statement.setLong(3, version);
      statement.setString(4, token);
      statement.setLong(5, lease.toMillis());
      return written(statement, transition);
    }
  }

  private static void setMillis(PreparedStatement statement, int index, @Nullable Long millis)
      throws SQLException {
    if (millis == null) {
      statement.setNull(index, Types.BIGINT);
    } else {
      statement.setLong(index, millis);
    }
  }

  /**
   * Reads to the very end: a database may hand out what a write returns before it has committed it,
   * and only the end says that it has.
   */
  private static @Nullable Row written(PreparedStatement statement, Runnable transition)
      throws SQLException {
    Row row = null;
    boolean isTransition = false;
    try (ResultSet results = statement.executeQuery()) {
      while (results.next()) {
        row = row(results);
        isTransition = results.getBoolean("is_transition");
      }
    }
    if (isTransition) {
      transition.run();
    }
    return row;
  }

  private static List<Row> rows(PreparedStatement statement) throws SQLException {
    List<Row> rows = new ArrayList<>();
    try (ResultSet results = statement.executeQuery()) {
      while (results.next()) {
        rows.add(row(results));
      }
    }
    return rows;
  }

  /** The row under the cursor of a query for {@code {row}}. */
  static Row row(ResultSet results) throws SQLException {
    String id = new CircuitKey(results.getString("kind"), results.getString("business_id")).id();
    if (!results.getBoolean("is_readable")) {
      return new Row(id, null);
    }
    CircuitBreakerStoreState state =
        new CircuitBreakerStoreState(
            id,
            CircuitBreakerState.valueOf(results.getString("state")),
            results.getInt("failure_count"),
            results.getInt("request_count"),
            results.getLong("generation"),
            results.getLong("version"),
            age(results, "opened_for"),
            results.getInt("failed_trials"),
            instant(results, "state_changed"),
            results.getString("last_error_code"),
            Hold.valueOf(results.getString("hold")),
            results.getString("trial_token"),
            remaining(results),
            results.getString("write_id"),
            evidence(results));
    return new Row(id, state);
  }

  private static Evidence evidence(ResultSet results) throws SQLException {
    Evidence evidence = EvidenceText.read(results.getString("evidence"));
    Duration age = age(results, "evidence_age");
    return age == null ? evidence : evidence.aged(age);
  }

  private static Duration remaining(ResultSet results) throws SQLException {
    Duration remaining = age(results, "trial_remaining");
    return remaining == null || results.getString("trial_token") == null
        ? Duration.ZERO
        : remaining;
  }

  /** A clock that was set back makes an age negative: then it begins anew. */
  private static @Nullable Duration age(ResultSet results, String column) throws SQLException {
    long millis = results.getLong(column);
    return results.wasNull()
        ? null
        : Duration.ofMillis(Math.max(0, Math.min(LONGEST_MILLIS, millis)));
  }

  private static @Nullable Instant instant(ResultSet results, String column) throws SQLException {
    long millis = results.getLong(column);
    return results.wasNull() ? null : Instant.ofEpochMilli(millis);
  }
}
