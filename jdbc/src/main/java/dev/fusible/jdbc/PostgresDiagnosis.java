package dev.fusible.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * Tells apart why the table can't be used as it should: from PostgreSQL's catalog, which every role
 * may read, and without touching the table. Immutable.
 *
 * <p>The one that nothing else tells is a missing policy: row level security then hides all rows
 * without an error, and a store that believed it would take every circuit for a new one.
 */
final class PostgresDiagnosis {

  static final String RELATION = "voice_circuit_breaker_state";

  private final String schema;

  PostgresDiagnosis(String schema) {
    this.schema = schema;
  }

  /** An expression for whether the rows of the table with this oid can be seen. */
  static String visible(String oid) {
    return "(has_table_privilege(" + oid + ", 'SELECT') AND " + permitted(oid, "'r'") + ")";
  }

  /** Whether row level security lets this role at the rows, for each of these commands. */
  private static String permitted(String oid, String commands) {
    return """
        (NOT row_security_active(%1$s) OR NOT EXISTS (
          SELECT FROM unnest(ARRAY[%2$s]::"char"[]) AS command
          WHERE NOT EXISTS (
            SELECT FROM pg_policy AS p
            WHERE p.polrelid = %1$s AND p.polpermissive AND p.polcmd IN ('*', command)
              AND EXISTS (
                SELECT FROM unnest(p.polroles) AS grantee
                WHERE CASE grantee WHEN 0 THEN true ELSE pg_has_role(grantee, 'USAGE') END))))"""
        .formatted(oid, commands);
  }

  /** What is wrong; {@code null} if nothing is. */
  @Nullable StoreDefect diagnose(Connection connection) throws SQLException {
    String query =
        """
        SELECT quote_ident(current_user) AS app_role,
          c.oid IS NOT NULL AS has_table,
          has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
            AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')
            AS has_grants,
          %s AS has_policy
        FROM (SELECT 1) AS always
        LEFT JOIN pg_namespace AS n ON n.nspname = ?
        LEFT JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = ?
        """
            .formatted(permitted("c.oid", "'r', 'a', 'w'"));
    try (PreparedStatement statement = connection.prepareStatement(query)) {
      statement.setString(1, schema);
      statement.setString(2, RELATION);
      try (ResultSet result = statement.executeQuery()) {
        if (!result.next()) {
          return null;
        }
        return defect(
            result.getString("app_role"),
            result.getBoolean("has_table"),
            result.getBoolean("has_grants"),
            result.getBoolean("has_policy"));
      }
    }
  }

  private @Nullable StoreDefect defect(
      String role, boolean hasTable, boolean hasGrants, boolean hasPolicy) {
    String table = schema + "." + RELATION;
    if (!hasTable) {
      return new StoreDefect("table_missing", "./fusible migrate --store URL");
    }
    if (!hasGrants) {
      return new StoreDefect(
          "grant_missing",
          "grant usage on schema %s to %s; grant select, insert, update on %s to %s;"
              .formatted(schema, role, table, role));
    }
    return hasPolicy ? null : hiding(table, role);
  }

  private static StoreDefect hiding(String table, String role) {
    return new StoreDefect(
        "policy_missing",
        "create policy fusible_app on %s to %s using (true) with check (true);"
            .formatted(table, role));
  }
}
