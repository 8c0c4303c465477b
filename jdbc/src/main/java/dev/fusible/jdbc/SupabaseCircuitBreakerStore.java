package dev.fusible.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.fusible.Cancellable;
import dev.fusible.Page;
import dev.fusible.StoreException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Circuits in PostgreSQL 14 or later, Supabase's or any other, shared by all instances that use one
 * database. Thread-safe.
 *
 * <p>It runs no DDL: {@link SupabaseMigrations}, {@code ./fusible migrate} or the SQL files make
 * the table. It needs the rights of the role {@code fusible_app} and no others. Each operation is
 * one statement in autocommit mode and leaves nothing in the session, so a pooler in transaction
 * mode may stand between.
 *
 * <p>A store that made its connections itself, and not through a pooler, keeps one more to be told
 * by the others' {@code NOTIFY} of what they changed; without it, it finds out within five seconds.
 *
 * <p>The codes of its {@link StoreException}s: {@code table_missing}, {@code table_outdated},
 * {@code grant_missing}, {@code policy_missing}, {@code database_missing}, {@code login_refused},
 * {@code unreachable}, {@code refused}, {@code host_unknown}, {@code tls}, {@code timeout}, {@code
 * locked}, {@code readonly}, {@code disk_full}, {@code too_many_connections}, {@code
 * shutting_down}, {@code damaged}, {@code row_unreadable}, {@code overloaded}, {@code closed}, and
 * {@code sql_} with the SQL state for the rest.
 */
public final class SupabaseCircuitBreakerStore extends JdbcCircuitBreakerStore {

  static final String DEFAULT_SCHEMA = "fusible";

  private static final Pattern SCHEMA = Pattern.compile("[a-z_][a-z0-9_]{0,62}");

  private static final Logger LOGGER = LoggerFactory.getLogger(SupabaseCircuitBreakerStore.class);

  private final DataSource source;
  private final @Nullable HikariDataSource own;
  private final PostgresDiagnosis diagnosis;
  private final PostgresChanges changes;
  private final PostgresNotices notices;
  private final AtomicBoolean toNotify = new AtomicBoolean();

  /** The defect that was last told of, so that each is told once and again when it comes back. */
  private final AtomicReference<@Nullable StoreDefect> told;

  private SupabaseCircuitBreakerStore(
      DataSource source,
      @Nullable HikariDataSource own,
      PostgresDialect dialect,
      PostgresDiagnosis diagnosis,
      PostgresNotices notices,
      AtomicReference<@Nullable StoreDefect> told) {
    super(
        new CircuitTable(dialect, connection -> refuse(diagnosis.diagnose(connection), told, null)),
        PostgresPool.SIZE);
    this.source = source;
    this.own = own;
    this.diagnosis = diagnosis;
    this.notices = notices;
    this.told = told;
    this.changes = new PostgresChanges(new Statements(dialect), dialect.table());
  }

  /**
   * A store in the schema {@code fusible}. It uses four connections at most, and leaves the source
   * open when it is closed. The source should give up soon on a server that does not answer, and
   * use no server-side prepared statements where there is a pooler: {@link #connect(String)} sees
   * to both.
   */
  public static SupabaseCircuitBreakerStore connect(DataSource source) {
    return connect(source, DEFAULT_SCHEMA);
  }

  /**
   * A store in a schema of another name: lower-case letters, digits and underscores.
   *
   * @throws IllegalArgumentException if the schema is not called so
   */
  public static SupabaseCircuitBreakerStore connect(DataSource source, String schema) {
    return started(source, null, new PostgresNotices(checked(schema), null), schema);
  }

  /**
   * A store with connections of its own, which are made when they are needed: the database need not
   * be up. The schema is the URL's {@code currentSchema}, or else {@code fusible}; other properties
   * in the URL override the ones that suit a store.
   *
   * @param jdbcUrl as in {@code jdbc:postgresql://host:port/database?user=…&password=…}
   * @throws IllegalArgumentException if it is no such URL
   */
  public static SupabaseCircuitBreakerStore connect(String jdbcUrl) {
    String schema = checked(PostgresPool.schemaOf(jdbcUrl));
    HikariDataSource pool = PostgresPool.pool(jdbcUrl);
    return started(pool, pool, new PostgresNotices(schema, PostgresPool.source(jdbcUrl)), schema);
  }

  private static SupabaseCircuitBreakerStore started(
      DataSource source, @Nullable HikariDataSource own, PostgresNotices notices, String schema) {
    SupabaseCircuitBreakerStore store =
        new SupabaseCircuitBreakerStore(
            source,
            own,
            new PostgresDialect(checked(schema) + "." + PostgresDiagnosis.RELATION),
            new PostgresDiagnosis(schema),
            notices,
            new AtomicReference<>());
    CompletionStage<Optional<StoreDefect>> toldInTheLog = store.selfTest();
    Objects.requireNonNull(toldInTheLog);
    return store;
  }

  static String checked(String schema) {
    if (!SCHEMA.matcher(schema).matches()) {
      throw new IllegalArgumentException(
          "the store's schema must be of lower-case letters, digits and underscores");
    }
    return schema;
  }

  /**
   * Whether the table is set up as it should be: what is wrong and the line that mends it, or
   * nothing. It only reads. The store does this when it starts, and logs what it finds.
   */
  public CompletionStage<Optional<StoreDefect>> selfTest() {
    return run(
        connection -> {
          StoreDefect defect = diagnosis.diagnose(connection);
          tell(defect, told);
          return Optional.ofNullable(defect);
        });
  }

  @Override
  <T> T perform(Operation<T> operation) throws SQLException {
    try (Connection connection = source.getConnection()) {
      if (!connection.getAutoCommit()) {
        connection.setAutoCommit(true);
      }
      try {
        return operation.on(connection);
      } catch (SQLException failure) {
        if (PostgresErrors.OF_THE_SET_UP.contains(failure.getSQLState())) {
          refuse(diagnosis.diagnose(connection), told, failure);
        }
        throw failure;
      }
    }
  }

  private static void refuse(
      @Nullable StoreDefect defect,
      AtomicReference<@Nullable StoreDefect> told,
      @Nullable SQLException failure) {
    tell(defect, told);
    if (defect != null) {
      throw new StoreException(defect.code(), failure);
    }
  }

  private static void tell(
      @Nullable StoreDefect defect, AtomicReference<@Nullable StoreDefect> told) {
    StoreDefect before = told.getAndSet(defect);
    if (defect != null && !defect.equals(before)) {
      LOGGER
          .atWarn()
          .addKeyValue("event", "store_defect")
          .addKeyValue("errorCode", defect.code())
          .addKeyValue("remedy", defect.remedy())
          .log("The store is not set up as it should be");
    }
  }

  @Override
  StoreException exceptionOf(SQLException failure) {
    return PostgresErrors.exceptionOf(failure);
  }

  @Override
  Page changedSince(Connection connection, long cursor, int limit) throws SQLException {
    return changes.read(connection, cursor, limit);
  }

  @Override
  public Cancellable onChange(Runnable changed) {
    return notices.onNotice(changed);
  }

  /** In a statement of its own, when the write is over: one for all that are to be told of. */
  @Override
  void transitioned() {
    if (toNotify.compareAndSet(false, true)) {
      CompletionStage<Boolean> unneeded =
          run(connection -> {
                toNotify.set(false);
                return notices.send(connection);
              })
              .whenComplete((sent, failure) -> toNotify.set(false));
      Objects.requireNonNull(unneeded);
    }
  }

  @Override
  void disconnect() {
    notices.close();
    if (own != null) {
      own.close();
    }
  }
}
