package dev.fusible.jdbc;

import dev.fusible.CircuitBreakerStoreState;
import dev.fusible.Page;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which rows have changed. Thread-safe.
 *
 * <p>A number that writers draw from a sequence does not do: they may commit in another order than
 * they drew, and a reader who has seen 6 never asks for the 5 that commits after it. A time does
 * not do either, for the same reason. What PostgreSQL itself can tell exactly is what a snapshot
 * saw: the transactions that had committed when it was taken. So every row carries the transaction
 * that wrote it last, and a reader asks for the rows whose transaction was <em>not yet visible in
 * the snapshot of its last reading</em>: however long that transaction had been under way then, and
 * whatever number it has. Each change is answered once it is visible and not before, and none is
 * missed.
 *
 * <p>A reading that takes several pages is a pass in the order of transactions. What becomes
 * visible meanwhile, behind the pass, is not in the snapshot of the pass's first page; so the next
 * pass asks from that snapshot, and what came in between comes twice.
 *
 * <p>A cursor is a number for a pass that is remembered here. One that is not, of another store or
 * forgotten, starts from the beginning: slow, and nothing is missed. So does a snapshot from the
 * future, which a database has after it was restored to an earlier time. Rows from the future, as
 * in a table that was copied from another cluster, are read from the beginning only, or they would
 * seem new for ever.
 */
final class PostgresChanges {

  /** Readers who follow one store at a time; there is one for each set of circuit breakers. */
  private static final int REMEMBERED = 64;

  /** A snapshot that saw nothing. */
  private static final String NOTHING = "1:1:";

  private final String query;
  private final String end;
  private final Map<Long, Pass> passes;
  private long lastCursor;

  /** Where a pass has come to. */
  private record Position(String change, String kind, String name) {}

  /**
   * A reading under way.
   *
   * @param since what was visible before
   * @param first what was visible at its first page; {@code null} before that
   * @param after the last row that was answered
   */
  private record Pass(String since, @Nullable String first, Position after) {

    /** All that a snapshot did not see, its oldest running transaction first. */
    static Pass since(String snapshot) {
      String oldest = snapshot.substring(0, snapshot.indexOf(':'));
      return new Pass(snapshot, null, new Position(oldest, "", ""));
    }
  }

  private record Reading(
      String snapshot, List<CircuitBreakerStoreState> states, @Nullable Position last) {}

  PostgresChanges(Statements statements, String table) {
    String visible = PostgresDiagnosis.visible("'" + table + "'::regclass");
    this.end =
        "SELECT " + visible + " AS is_visible, CAST(pg_current_snapshot() AS text) AS snapshot";
    this.query =
        statements.filled(
            """
            SELECT is_visible, snapshot, changed.*
            FROM (%s) AS always LEFT JOIN (
              SELECT {row}, change
              FROM {table}
              WHERE (change, kind, business_id) > (CAST(? AS xid8), ?, ?)
                AND NOT pg_visible_in_snapshot(change, CAST(? AS pg_snapshot))
                AND (change < pg_snapshot_xmax(pg_current_snapshot()) OR CAST(? AS boolean))
                AND {readable}
              ORDER BY change, kind, business_id
              LIMIT ?) AS changed ON true
            ORDER BY change, kind, business_id
            """
                .formatted(end));
    this.passes =
        new LinkedHashMap<>(REMEMBERED, 0.75f, true) {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(Map.Entry<Long, Pass> eldest) {
            return size() > REMEMBERED;
          }
        };
  }

  Page read(Connection connection, long cursor, int limit) throws SQLException {
    if (cursor < 0) {
      return new Page(List.of(), remember(Pass.since(snapshot(connection))));
    }
    Pass pass = recall(cursor);
    Reading reading = read(connection, pass, limit);
    if (isBefore(reading.snapshot, pass.since)) {
      pass = Pass.since(NOTHING);
      reading = read(connection, pass, limit);
    }
    String first = pass.first == null ? reading.snapshot : pass.first;
    if (reading.last != null && reading.states.size() == limit) {
      return new Page(reading.states, remember(new Pass(pass.since, first, reading.last)));
    }
    Pass next = Pass.since(first);
    if (reading.states.isEmpty()) {
      replace(cursor, next);
      return new Page(List.of(), cursor);
    }
    return new Page(reading.states, remember(next));
  }

  private Reading read(Connection connection, Pass pass, int limit) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(query)) {
      statement.setString(1, pass.after.change);
      statement.setString(2, pass.after.kind);
      statement.setString(3, pass.after.name);
      statement.setString(4, pass.since);
      statement.setBoolean(5, pass.since.equals(NOTHING));
      statement.setInt(6, limit);
      try (ResultSet rows = statement.executeQuery()) {
        List<CircuitBreakerStoreState> states = new ArrayList<>();
        Position last = null;
        String snapshot = "";
        while (rows.next()) {
          snapshot = visibleSnapshot(rows);
          if (rows.getString("kind") != null) {
            states.add(CircuitTable.row(rows).readable());
            last =
                new Position(
                    rows.getString("change"),
                    rows.getString("kind"),
                    rows.getString("business_id"));
          }
        }
        return new Reading(snapshot, states, last);
      }
    }
  }

  private String snapshot(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(end);
        ResultSet row = statement.executeQuery()) {
      return row.next() ? visibleSnapshot(row) : NOTHING;
    }
  }

  private static String visibleSnapshot(ResultSet row) throws SQLException {
    if (!row.getBoolean("is_visible")) {
      throw new SQLException("rows are hidden", PostgresErrors.NOT_PERMITTED);
    }
    return row.getString("snapshot");
  }

  /**
   * Whether a snapshot ends before another: of two readings of one database, the later never does.
   */
  private static boolean isBefore(String snapshot, String other) {
    return Long.compareUnsigned(end(snapshot), end(other)) < 0;
  }

  /** The first transaction that had not begun: the second number of {@code xmin:xmax:others}. */
  private static long end(String snapshot) {
    int begin = snapshot.indexOf(':') + 1;
    return Long.parseUnsignedLong(snapshot.substring(begin, snapshot.indexOf(':', begin)));
  }

  private synchronized Pass recall(long cursor) {
    Pass pass = passes.get(cursor);
    return pass == null ? Pass.since(NOTHING) : pass;
  }

  private synchronized long remember(Pass pass) {
    lastCursor++;
    passes.put(lastCursor, pass);
    return lastCursor;
  }

  private synchronized void replace(long cursor, Pass pass) {
    if (cursor > 0) {
      passes.put(cursor, pass);
    }
  }
}
