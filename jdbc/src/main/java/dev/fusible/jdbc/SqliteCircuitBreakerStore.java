package dev.fusible.jdbc;

import dev.fusible.CircuitBreakerStoreState;
import dev.fusible.Page;
import dev.fusible.StoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Circuits in one SQLite file, shared by the processes of one machine. Thread-safe. A write that
 * was acknowledged survives a crash of the process and of the machine.
 *
 * <p>The clock is the machine's wall clock. Setting it back may delay a trial, never duplicate one;
 * setting it forward may bring one early.
 *
 * <p>The codes of its {@link StoreException}s: {@code locked}, {@code readonly}, {@code disk_full},
 * {@code io}, {@code corrupt}, {@code cannot_open}, {@code row_unreadable}, {@code overloaded},
 * {@code closed}, and {@code sqlite_} with SQLite's number for the rest.
 */
public final class SqliteCircuitBreakerStore extends JdbcCircuitBreakerStore {

  /** After these the connection is of no use: the next operation makes another. */
  private static final Set<String> BROKEN =
      Set.of(SqliteFile.CORRUPT, SqliteFile.CANNOT_OPEN, SqliteFile.READONLY, SqliteFile.IO);

  private final SqliteFile file;
  private final String changed;

  /** Belongs to the store's one thread, and at the end to whoever ended it. */
  private @Nullable Connection connection;

  private SqliteCircuitBreakerStore(SqliteFile file, @Nullable Connection connection) {
    super(new CircuitTable(new SqliteDialect(), Visibility.CERTAIN), 1);
    this.file = file;
    this.connection = connection;
    this.changed =
        new Statements(new SqliteDialect())
            .filled(
                """
                SELECT {row}, change FROM {table} WHERE change > ? AND {readable}
                ORDER BY change LIMIT ?
                """);
  }

  /**
   * Opens the file, and creates it, its folders and its table where they are missing. A damaged
   * file is moved aside, to its name with {@code .corrupt-} and the time. A file that is locked, or
   * a disk that is full, is no reason to fail: operations fail then, until it is mended.
   *
   * @throws UncheckedIOException if there can be no such file, or it can't be written
   */
  public static SqliteCircuitBreakerStore open(Path file) {
    SqliteFile sqlite = new SqliteFile(file);
    try {
      Files.createDirectories(Objects.requireNonNull(sqlite.path().getParent()));
    } catch (IOException cannotCreate) {
      throw new UncheckedIOException("can't create the folder of " + file, cannotCreate);
    }
    Connection connection = null;
    try {
      connection = sqlite.connect();
    } catch (SQLException failure) {
      String code = SqliteFile.codeOf(failure);
      if (code.equals(SqliteFile.CANNOT_OPEN) || code.equals(SqliteFile.READONLY)) {
        throw new UncheckedIOException(
            new IOException("can't open and write the file " + file + ": " + code, failure));
      }
    }
    return new SqliteCircuitBreakerStore(sqlite, connection);
  }

  @Override
  <T> T perform(Operation<T> operation) throws SQLException {
    Connection current = connection;
    if (current == null) {
      current = file.connect();
      connection = current;
    }
    try {
      return operation.on(current);
    } catch (SQLException failure) {
      if (BROKEN.contains(SqliteFile.codeOf(failure))) {
        disconnect();
      }
      throw failure;
    }
  }

  @Override
  StoreException exceptionOf(SQLException failure) {
    return new StoreException(SqliteFile.codeOf(failure), failure);
  }

  @Override
  Page changedSince(Connection current, long cursor, int limit) throws SQLException {
    if (cursor < 0) {
      return new Page(List.of(), end(current));
    }
    List<CircuitBreakerStoreState> states = new ArrayList<>();
    long next = cursor;
    try (PreparedStatement statement = current.prepareStatement(changed)) {
      statement.setLong(1, cursor);
      statement.setInt(2, limit);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          states.add(CircuitTable.row(rows).readable());
          next = rows.getLong("change");
        }
      }
    }
    return new Page(states, next);
  }

  private static long end(Connection current) throws SQLException {
    try (PreparedStatement statement =
            current.prepareStatement(
                "SELECT coalesce(max(change), 0) FROM " + SqliteDialect.TABLE);
        ResultSet last = statement.executeQuery()) {
      return last.getLong(1);
    }
  }

  @Override
  void disconnect() {
    Connection current = connection;
    connection = null;
    if (current != null) {
      SqliteFile.close(current);
    }
  }
}
