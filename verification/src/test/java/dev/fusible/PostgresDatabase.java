package dev.fusible;

import dev.fusible.jdbc.SupabaseCircuitBreakerStore;
import dev.fusible.jdbc.SupabaseMigrations;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.URI;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.UUID;

/**
 * A migrated database of its own, on the server that the environment names, or on one that comes
 * with the tests and ends with them.
 */
final class PostgresDatabase implements AutoCloseable {

  private static final String PASSWORD = "app-password";

  private final String serverUrl;
  private final AutoCloseable server;
  private final String name = "fusible_" + UUID.randomUUID().toString().replace("-", "");

  private PostgresDatabase(String serverUrl, AutoCloseable server) throws SQLException {
    this.serverUrl = serverUrl;
    this.server = server;
    sql("create database " + name);
    SupabaseMigrations.migrate(url(URI.create(serverUrl.substring(5)).getQuery()));
    sql("alter role fusible_app password '" + PASSWORD + "'");
  }

  static PostgresDatabase create() throws SQLException, IOException {
    String named = System.getenv("FUSIBLE_TEST_PG_URL");
    if (named != null) {
      return new PostgresDatabase(named, () -> {});
    }
    EmbeddedPostgres embedded = EmbeddedPostgres.start();
    return new PostgresDatabase(embedded.getJdbcUrl("postgres", "postgres"), embedded);
  }

  CircuitBreakerStore open() {
    return SupabaseCircuitBreakerStore.connect(url("user=fusible_app&password=" + PASSWORD));
  }

  private String url(String login) {
    URI server = URI.create(serverUrl.substring(5));
    return "jdbc:postgresql://%s:%d/%s?%s"
        .formatted(server.getHost(), server.getPort(), name, login);
  }

  private void sql(String sql) throws SQLException {
    try (Connection connection = DriverManager.getConnection(serverUrl)) {
      connection.createStatement().execute(sql);
    }
  }

  @Override
  public void close() throws Exception {
    sql("drop database " + name + " with (force)");
    server.close();
  }
}
