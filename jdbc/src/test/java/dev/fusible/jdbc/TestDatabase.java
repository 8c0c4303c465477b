package dev.fusible.jdbc;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;

/**
 * A database of its own on a PostgreSQL server, migrated, with the application's role able to log
 * in. Closing it drops it.
 */
final class TestDatabase implements AutoCloseable {

  private static final String PASSWORD = "app-password";

  /** One server for all tests of a run; it ends with the process. */
  private static final class Embedded {
    static final EmbeddedPostgres SERVER = start();

    private static EmbeddedPostgres start() {
      try {
        return EmbeddedPostgres.start();
      } catch (IOException failure) {
        throw new UncheckedIOException(failure);
      }
    }
  }

  private final String serverUrl;
  private final String appServerUrl;
  private final String name = "fusible_" + UUID.randomUUID().toString().replace("-", "");

  private TestDatabase(String serverUrl, String appServerUrl) {
    this.serverUrl = serverUrl;
    this.appServerUrl = appServerUrl;
  }

  /** On a PostgreSQL that comes with the tests. */
  static TestDatabase embedded() throws SQLException {
    String url = Embedded.SERVER.getJdbcUrl("postgres", "postgres");
    return new TestDatabase(url, url).create();
  }

  /** On a server whose superuser the one URL logs in; the application goes the other one's way. */
  static TestDatabase on(String serverUrl, String appServerUrl) throws SQLException {
    return new TestDatabase(serverUrl, appServerUrl).create();
  }

  private TestDatabase create() throws SQLException {
    try (Connection server = DriverManager.getConnection(serverUrl);
        Statement statement = server.createStatement()) {
      statement.execute("create database " + name);
    }
    SupabaseMigrations.migrate(ownerUrl());
    sql("alter role fusible_app password '" + PASSWORD + "'");
    return this;
  }

  /** The URL of the database's owner. */
  String ownerUrl() {
    return in(serverUrl, null);
  }

  /** The URL of the application. */
  String appUrl() {
    return in(appServerUrl, "user=fusible_app&password=" + PASSWORD);
  }

  private String in(String url, String login) {
    URI server = URI.create(url.substring("jdbc:".length()));
    return "jdbc:postgresql://%s:%d/%s?%s"
        .formatted(
            server.getHost(), server.getPort(), name, login == null ? server.getQuery() : login);
  }

  Connection connection() throws SQLException {
    return DriverManager.getConnection(ownerUrl());
  }

  /** Does something as the owner. */
  void sql(String sql) throws SQLException {
    try (Connection connection = connection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** The first column of the first row of a query by the owner. */
  String value(String query) throws SQLException {
    try (Connection connection = connection();
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(query)) {
      return result.next() ? result.getString(1) : null;
    }
  }

  @Override
  public void close() throws SQLException {
    try (Connection server = DriverManager.getConnection(serverUrl);
        Statement statement = server.createStatement()) {
      statement.execute("drop database " + name + " with (force)");
    }
  }
}
