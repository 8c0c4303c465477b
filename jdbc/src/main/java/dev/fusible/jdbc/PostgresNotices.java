package dev.fusible.jdbc;

import dev.fusible.Cancellable;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/**
 * What instances tell each other by {@code NOTIFY}, on a channel that is called as the schema: that
 * there is something new, and who says so. Thread-safe.
 *
 * <p>Nothing depends on it. Who can't listen, or has lost the connection, looks every five seconds
 * as ever. Through a pooler nobody listens: it hands each transaction to another server connection,
 * so that {@code LISTEN} succeeds, stays behind on a connection of somebody else's, and yields
 * nothing. It gives itself away by a process id that is not the server's.
 */
final class PostgresNotices implements AutoCloseable {

  /** A connection that is silent for so long is asked whether it lives. */
  private static final int SILENCE_MILLIS = 30_000;

  private static final int VALID_SECONDS = 1;
  private static final int PROBES = 3;
  private static final long FIRST_PAUSE_MILLIS = 500;
  private static final long LONGEST_PAUSE_MILLIS = 30_000;

  private final String channel;
  private final @Nullable DataSource source;
  private final String self = UUID.randomUUID().toString();
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private final AtomicBoolean begun = new AtomicBoolean();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile @Nullable Connection connection;

  /**
   * @param source where to listen; {@code null} for nowhere
   */
  PostgresNotices(String channel, @Nullable DataSource source) {
    this.channel = channel;
    this.source = source;
  }

  /** Tells the others. */
  boolean send(Connection sender) throws SQLException {
    try (PreparedStatement statement = sender.prepareStatement("SELECT pg_notify(?, ?)")) {
      statement.setString(1, channel);
      statement.setString(2, self);
      return statement.execute();
    }
  }

  /** Runs {@code changed} when another has sent something. */
  Cancellable onNotice(Runnable changed) {
    listeners.add(changed);
    if (source != null && begun.compareAndSet(false, true)) {
      Thread thread = new Thread(() -> listen(source), "fusible-jdbc-listen");
      thread.setDaemon(true);
      thread.start();
    }
    return () -> listeners.remove(changed);
  }

  private void listen(DataSource from) {
    long pause = FIRST_PAUSE_MILLIS;
    while (!isClosedWithin(0)) {
      try (Connection present = from.getConnection()) {
        connection = present;
        if (!isDirect(present)) {
          return;
        }
        try (Statement statement = present.createStatement()) {
          statement.execute("LISTEN \"" + channel + "\"");
        }
        pause = FIRST_PAUSE_MILLIS;
        // What was sent while nobody listened.
        tell();
        passOn(present);
      } catch (SQLException lost) {
        if (isClosedWithin(pause)) {
          return;
        }
        pause = Math.min(LONGEST_PAUSE_MILLIS, pause * 2);
      }
    }
  }

  /** Whether the server itself is at the other end, and the same one for each statement. */
  private static boolean isDirect(Connection present) throws SQLException {
    int driver = present.unwrap(PGConnection.class).getBackendPID();
    for (int i = 0; i < PROBES; i++) {
      try (Statement statement = present.createStatement();
          ResultSet server = statement.executeQuery("SELECT pg_backend_pid()")) {
        if (!server.next() || server.getInt(1) != driver) {
          return false;
        }
      }
    }
    return true;
  }

  private void passOn(Connection present) throws SQLException {
    PGConnection notified = present.unwrap(PGConnection.class);
    while (!isClosedWithin(0)) {
      PGNotification[] notices = notified.getNotifications(SILENCE_MILLIS);
      boolean isSilent = notices == null || notices.length == 0;
      if (isSilent && !present.isValid(VALID_SECONDS)) {
        throw new SQLException("no answer");
      }
      if (!isSilent && !areOwn(notices)) {
        tell();
      }
    }
  }

  private boolean areOwn(PGNotification[] notices) {
    for (PGNotification notice : notices) {
      if (!self.equals(notice.getParameter())) {
        return false;
      }
    }
    return true;
  }

  private void tell() {
    listeners.forEach(Runnable::run);
  }

  private boolean isClosedWithin(long millis) {
    try {
      return closed.await(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException impossible) {
      return true;
    }
  }

  /** Ends the thread and its connection, whatever it waits for. */
  @Override
  public void close() {
    closed.countDown();
    Connection present = connection;
    if (present != null) {
      try {
        present.abort(Runnable::run);
      } catch (SQLException alreadyGone) {
        connection = null;
      }
    }
  }
}
