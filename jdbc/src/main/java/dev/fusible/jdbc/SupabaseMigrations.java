package dev.fusible.jdbc;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Objects;

/**
 * Makes the table of {@link SupabaseCircuitBreakerStore}, with its schema, its role {@code
 * fusible_app}, its rights and its policy. The files are in the jar under {@code
 * supabase/migrations}, named as Supabase's own tool wants them; each may be run again, by whoever,
 * so nothing needs to be remembered of what was run before.
 */
public final class SupabaseMigrations {

  /** In the order in which they are run. */
  static final List<String> FILES = List.of("20261124000000_voice_circuit_breaker_state.sql");

  /** Two that run together would both find the role missing. */
  private static final String ONE_AT_A_TIME = "select pg_advisory_xact_lock(4640231)";

  private SupabaseMigrations() {}

  /**
   * Brings the database up to date, in one transaction.
   *
   * @param jdbcUrl of a role that may create schemas and roles; its {@code currentSchema} names the
   *     schema, if not {@code fusible}
   * @return the names of the files that were run
   * @throws SQLException if the database can't be reached or refuses; nothing is changed then
   */
  public static List<String> migrate(String jdbcUrl) throws SQLException {
    String schema = SupabaseCircuitBreakerStore.checked(PostgresPool.schemaOf(jdbcUrl));
    try (Connection connection = PostgresPool.source(jdbcUrl).getConnection()) {
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        statement.execute(ONE_AT_A_TIME);
        for (String file : FILES) {
          statement.execute(inSchema(read(file), schema));
        }
      }
      connection.commit();
    }
    return FILES;
  }

  /** The word alone, so not the role's name. */
  private static String inSchema(String sql, String schema) {
    return sql.replaceAll("\\bfusible\\b", schema);
  }

  private static String read(String file) {
    try (InputStream resource =
        SupabaseMigrations.class.getResourceAsStream("/supabase/migrations/" + file)) {
      return new String(
          Objects.requireNonNull(resource, file).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }
}
