package dev.fusible.jdbc;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Properties;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.BusyHandler;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.jdbc4.JDBC4Connection;

/**
 * The file of a {@link SqliteCircuitBreakerStore}: opened, created where it is missing, and moved
 * aside where it is damaged. Immutable.
 */
final class SqliteFile {

  static final String CORRUPT = "corrupt";
  static final String CANNOT_OPEN = "cannot_open";
  static final String READONLY = "readonly";
  static final String LOCKED = "locked";
  static final String IO = "io";

  /** Shorter than a circuit waits for its store, so that the reason comes out and not a timeout. */
  private static final long PATIENCE_NANOS = Duration.ofMillis(1_500).toNanos();

  /**
   * SQLite's own pauses grow to 100 ms, and between them a process that writes without a break
   * takes every turn.
   */
  private static final long PAUSE_NANOS = Duration.ofMillis(1).toNanos();

  private static final DateTimeFormatter TIMESTAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmssSSS'Z'").withZone(ZoneOffset.UTC);

  /** Locks on files are the process's, not the thread's. */
  private static final Object QUARANTINE = new Object();

  private static final Logger LOGGER = LoggerFactory.getLogger(SqliteCircuitBreakerStore.class);

  private final Path path;

  SqliteFile(Path path) {
    this.path = path.toAbsolutePath();
  }

  Path path() {
    return path;
  }

  /** A connection to the file, with the table in it. */
  Connection connect() throws SQLException {
    Object found = identity();
    try {
      return connectPatiently();
    } catch (SQLException failure) {
      if (!codeOf(failure).equals(CORRUPT)) {
        throw failure;
      }
      quarantine(found, failure);
      return connectPatiently();
    }
  }

  /** Where two processes create the file together, SQLite refuses one of them without waiting. */
  private Connection connectPatiently() throws SQLException {
    long began = System.nanoTime();
    while (true) {
      try {
        return connectOnce();
      } catch (SQLException failure) {
        if (!codeOf(failure).equals(LOCKED) || System.nanoTime() - began > PATIENCE_NANOS) {
          throw failure;
        }
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  private Connection connectOnce() throws SQLException {
    Connection connection =
        new JDBC4Connection("jdbc:sqlite:" + path, path.toString(), new Properties());
    try (Statement statement = connection.createStatement()) {
      BusyHandler.setHandler(connection, new Patience());
      statement.execute("PRAGMA journal_mode = WAL");
      statement.execute("PRAGMA synchronous = FULL");
      checkWhole(statement);
      for (String definition : SqliteDialect.SCHEMA) {
        statement.execute(definition);
      }
      return connection;
    } catch (SQLException failure) {
      close(connection);
      throw failure;
    }
  }

  /** Asked by SQLite whether to try again for a lock that another process has. */
  private static final class Patience extends BusyHandler {

    private long beganNanos;

    @Override
    protected int callback(int triesBefore) {
      long now = System.nanoTime();
      if (triesBefore == 0) {
        beganNanos = now;
      }
      if (now - beganNanos > PATIENCE_NANOS) {
        return 0;
      }
      LockSupport.parkNanos(PAUSE_NANOS);
      return 1;
    }
  }

  private static void checkWhole(Statement statement) throws SQLException {
    try (ResultSet result = statement.executeQuery("PRAGMA quick_check(1)")) {
      if (!result.next() || !result.getString(1).equals("ok")) {
        throw new SQLException(CORRUPT, null, SQLiteErrorCode.SQLITE_CORRUPT.code);
      }
    }
  }

  static void close(Connection connection) {
    try {
      connection.close();
    } catch (SQLException unclosable) {
      // It is given up either way; what was acknowledged is in the file.
    }
  }

  /**
   * Moves the damaged file aside. Another process may have done so meanwhile: then the file is no
   * more the one that was {@code found} damaged, and stays. A lock on a file beside it, which ends
   * with the process, makes sure that nobody comes between the look and the move.
   */
  private void quarantine(@Nullable Object found, SQLException failure) throws SQLException {
    synchronized (QUARANTINE) {
      try (FileChannel beside =
              FileChannel.open(
                  beside("-quarantine"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock lock = beside.lock()) {
        if (lock.isValid() && found != null && found.equals(identity())) {
          moveAside();
        }
      } catch (IOException cannotMove) {
        failure.addSuppressed(cannotMove);
        throw failure;
      }
    }
  }

  /** The journal goes first, so that a new file never meets an old journal. */
  private void moveAside() throws IOException {
    String suffix = ".corrupt-" + TIMESTAMP.format(Instant.now());
    for (String part : new String[] {"-wal", "-shm", ""}) {
      if (Files.exists(beside(part))) {
        Files.move(beside(part), beside(suffix + part));
      }
    }
    LOGGER
        .atWarn()
        .addKeyValue("event", "store_quarantined")
        .addKeyValue("errorCode", CORRUPT)
        .addKeyValue("movedTo", beside(suffix).getFileName())
        .log("The store's file was damaged and is moved aside; circuits start anew");
  }

  private Path beside(String suffix) {
    return path.resolveSibling(path.getFileName() + suffix);
  }

  /** What tells this file from another of the same name; {@code null} if there is none. */
  private @Nullable Object identity() {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    } catch (IOException missing) {
      return null;
    }
  }

  /** The failure as a word, from SQLite's result code. */
  static String codeOf(SQLException failure) {
    int code = failure.getErrorCode() & 0xff;
    return switch (SQLiteErrorCode.getErrorCode(code)) {
      case SQLITE_BUSY, SQLITE_LOCKED -> LOCKED;
      case SQLITE_READONLY, SQLITE_PERM -> READONLY;
      case SQLITE_FULL -> "disk_full";
      case SQLITE_IOERR -> IO;
      case SQLITE_CORRUPT, SQLITE_NOTADB -> CORRUPT;
      case SQLITE_CANTOPEN -> CANNOT_OPEN;
      default -> "sqlite_" + code;
    };
  }
}
