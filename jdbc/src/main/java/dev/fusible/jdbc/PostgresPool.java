package dev.fusible.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.util.Map;
import java.util.Properties;
import org.postgresql.Driver;
import org.postgresql.PGProperty;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Connections to PostgreSQL, made so that a server that is frozen, unreachable or behind a pooler
 * holds nobody up for long.
 */
final class PostgresPool {

  static final int SIZE = 4;

  /** Enough to make a connection far away; a circuit waits for two seconds, a caller not at all. */
  private static final int CONNECTION_MILLIS = 1_500;

  private static final int VALIDATION_MILLIS = 250;

  /**
   * What a URL gets where it says nothing else. Prepared statements and what a session is set to do
   * not survive a pooler that hands each transaction to another server connection; so there are
   * none, and what a connection says at its start is not said in a statement.
   */
  private static final Map<PGProperty, String> DEFAULTS =
      Map.of(
          PGProperty.CONNECT_TIMEOUT, "1",
          PGProperty.SOCKET_TIMEOUT, "1",
          PGProperty.LOGIN_TIMEOUT, "2",
          PGProperty.CANCEL_SIGNAL_TIMEOUT, "1",
          PGProperty.TCP_KEEP_ALIVE, "true",
          PGProperty.TARGET_SERVER_TYPE, "primary",
          PGProperty.PREPARE_THRESHOLD, "0",
          PGProperty.ASSUME_MIN_SERVER_VERSION, "14");

  private PostgresPool() {}

  /** The schema that the URL names as its current one, or else {@code fusible}. */
  static String schemaOf(String jdbcUrl) {
    String schema = PGProperty.CURRENT_SCHEMA.getOrDefault(parse(jdbcUrl));
    return schema == null ? SupabaseCircuitBreakerStore.DEFAULT_SCHEMA : schema;
  }

  /** One connection after another, for whoever owns the table. */
  static PGSimpleDataSource source(String jdbcUrl) {
    Properties given = parse(jdbcUrl);
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setURL(jdbcUrl);
    // It would be sent as the session's search path, which poolers refuse.
    source.setCurrentSchema(null);
    for (Map.Entry<PGProperty, String> property : DEFAULTS.entrySet()) {
      if (!given.containsKey(property.getKey().getName())) {
        source.setProperty(property.getKey(), property.getValue());
      }
    }
    // A server's details quote what a row holds.
    source.setLogServerErrorDetail(false);
    return source;
  }

  /** A few connections, made when they are needed. */
  static HikariDataSource pool(String jdbcUrl) {
    HikariConfig config = new HikariConfig();
    config.setPoolName("fusible");
    config.setDataSource(source(jdbcUrl));
    config.setMaximumPoolSize(SIZE);
    config.setMinimumIdle(1);
    config.setConnectionTimeout(CONNECTION_MILLIS);
    config.setValidationTimeout(VALIDATION_MILLIS);
    config.setInitializationFailTimeout(-1);
    return new HikariDataSource(config);
  }

  private static Properties parse(String jdbcUrl) {
    Properties parsed = Driver.parseURL(jdbcUrl, null);
    if (parsed == null) {
      throw new IllegalArgumentException(
          "the store's URL must be jdbc:postgresql://host:port/database");
    }
    return parsed;
  }
}
