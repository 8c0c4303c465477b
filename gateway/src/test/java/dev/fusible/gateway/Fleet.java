package dev.fusible.gateway;

import dev.fusible.jdbc.SupabaseMigrations;
import dev.fusible.testkit.FaultyUpstream;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Three gateways, each a process of its own, on one PostgreSQL whose every version of every row is
 * kept, before one upstream that breaks on demand.
 */
final class Fleet implements AutoCloseable {

  /** A version of a row as it was committed, by the database's clock. */
  record Version(
      String business,
      long version,
      String state,
      double at,
      double openedAt,
      String trialToken,
      double trialUntil) {}

  /** Keeps what was written; who writes has no rights on it. */
  private static final String HISTORY =
      """
      create table fusible.history (
        seq bigint generated always as identity, kind text, business_id text, version bigint,
        state text, at timestamptz, opened_at timestamptz, trial_token text, trial_until timestamptz);
      create function fusible.keep() returns trigger language plpgsql security definer as $$
      begin
        insert into fusible.history
          (kind, business_id, version, state, at, opened_at, trial_token, trial_until)
        values (new.kind, new.business_id, new.version, new.state, clock_timestamp(),
          new.opened_at, new.trial_token, new.trial_until);
        return new;
      end $$;
      create trigger keep after insert or update on fusible.voice_circuit_breaker_state
        for each row execute function fusible.keep();
      alter role fusible_app password 'app';
      """;

  final FaultyUpstream upstream = FaultyUpstream.start();
  final List<GatewayProcess> gateways = new ArrayList<>();
  final List<String> businesses;
  private final Path folder;
  private final EmbeddedPostgres postgres;
  private final String ownerUrl;

  /**
   * @param recovery how long a circuit stays open, as the configuration writes it
   */
  Fleet(int businessCount, String recovery) {
    try {
      folder = Files.createTempDirectory("fusible-fleet");
      postgres = EmbeddedPostgres.start();
      ownerUrl = postgres.getJdbcUrl("postgres", "postgres");
      SupabaseMigrations.migrate(ownerUrl);
      sql(HISTORY);
    } catch (IOException | SQLException impossible) {
      throw new IllegalStateException(impossible);
    }
    businesses = IntStream.range(0, businessCount).mapToObj(i -> "business-" + i).toList();
    for (int i = 0; i < 3; i++) {
      gateways.add(new GatewayProcess(folder, yaml(recovery)));
    }
  }

  private String yaml(String recovery) {
    return """
        store: %s
        breaker:
          recoveryTimeout: %s
        upstreams:
          - name: llm
            kind: openai
            url: %s
        businesses:
        %s
        """
        .formatted(
            postgres.getJdbcUrl("fusible_app", "postgres") + "&password=app",
            recovery,
            upstream.url(),
            businesses.stream()
                .map(
                    id ->
                        "  - {id: %s, name: %s, language: es-MX, apiKeySha256: %s}"
                            .formatted(id, id, RunningGateway.sha256("key-" + id)))
                .collect(Collectors.joining("\n")));
  }

  Connection connection() throws SQLException {
    return DriverManager.getConnection(ownerUrl);
  }

  void sql(String sql) {
    try (Connection connection = connection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** All versions of businesses' rows, in the order of their commits. */
  List<Version> history() {
    List<Version> versions = new ArrayList<>();
    try (Connection connection = connection();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select business_id, version, state, extract(epoch from at),"
                    + " extract(epoch from opened_at), trial_token, extract(epoch from trial_until)"
                    + " from fusible.history where kind = 'business'"
                    + " order by business_id, version, seq")) {
      while (row.next()) {
        versions.add(
            new Version(
                row.getString(1),
                row.getLong(2),
                row.getString(3),
                row.getDouble(4),
                row.getDouble(5),
                row.getString(6),
                row.getDouble(7)));
      }
    } catch (SQLException impossible) {
      throw new IllegalStateException(impossible);
    }
    return versions;
  }

  @Override
  public void close() {
    gateways.forEach(GatewayProcess::close);
    upstream.close();
    try {
      postgres.close();
    } catch (IOException alreadyGone) {
      throw new IllegalStateException(alreadyGone);
    }
  }
}
