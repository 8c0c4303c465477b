package dev.fusible.gateway;

import dev.fusible.jdbc.SupabaseMigrations;
import dev.fusible.testkit.FaultyUpstream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;

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
      """;

  private static final String KEEPING =
      """
      create trigger keep after insert or update on fusible.voice_circuit_breaker_state
        for each row execute function fusible.keep();
      """;

  /** A backup up to the last moment, and the table gone. */
  private static final String DROP =
      """
      do $$ begin
        lock table fusible.voice_circuit_breaker_state in access exclusive mode;
        create table fusible.backup as table fusible.voice_circuit_breaker_state;
        drop table fusible.voice_circuit_breaker_state;
      end $$
      """;

  private static final String RESTORE =
      """
      insert into fusible.voice_circuit_breaker_state select * from fusible.backup;
      drop table fusible.backup;
      """;

  private static final int GATEWAYS = 3;
  private static final String UPSTREAM = "upstream:llm";

  final FaultyUpstream upstream = FaultyUpstream.start();
  final List<GatewayProcess> gateways = new ArrayList<>();
  final List<String> businesses;
  final PostgresServer postgres;
  private final Path folder;
  private final String settings;

  /**
   * Three gateways that connect to the database themselves.
   *
   * @param recovery how long a circuit stays open, as the configuration writes it
   */
  Fleet(int businessCount, String recovery) {
    this(businessCount, "{recoveryTimeout: " + recovery + "}", "{}");
    start(direct());
  }

  /**
   * A database, and no gateways yet.
   *
   * @param breaker the section of the configuration
   * @param deadlines likewise
   */
  Fleet(int businessCount, String breaker, String deadlines) {
    businesses = IntStream.range(0, businessCount).mapToObj(i -> "business-" + i).toList();
    try {
      folder = Files.createTempDirectory("fusible-fleet");
      postgres = new PostgresServer(folder);
      SupabaseMigrations.migrate(postgres.url("postgres"));
      sql(HISTORY + KEEPING);
    } catch (IOException | SQLException impossible) {
      throw new IllegalStateException(impossible);
    }
    settings = "breaker: " + breaker + "\ndeadlines: " + deadlines;
  }

  /** Starts three gateways, with the database behind {@code storeUrl}. */
  void start(String storeUrl) {
    for (int i = 0; i < GATEWAYS; i++) {
      add(storeUrl, Map.of());
    }
  }

  /** Starts one gateway more. */
  void add(String storeUrl, Map<String, String> environment) {
    gateways.add(new GatewayProcess(folder, yaml(storeUrl), environment));
  }

  private String yaml(String storeUrl) {
    return """
        store: %s
        %s
        upstreams:
          - name: llm
            kind: openai
            url: %s
        businesses:
        %s
        """
        .formatted(
            storeUrl,
            settings,
            upstream.url(),
            businesses.stream()
                .map(
                    id ->
                        "  - {id: %s, name: %s, language: es-MX, apiKeySha256: %s}"
                            .formatted(id, id, RunningGateway.sha256("key-" + id)))
                .collect(Collectors.joining("\n")));
  }

  Connection connection() throws SQLException {
    return DriverManager.getConnection(postgres.url("postgres"));
  }

  /** So that what is seen is each business's circuit: the upstream's would open before them. */
  void holdUpstreamClosed() {
    gateways.get(0).order(UPSTREAM, "force-closed");
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                gateways.stream()
                    .allMatch(
                        each -> each.circuit(UPSTREAM).path("hold").asText().equals("CLOSED")));
  }

  /** The URL of a gateway that connects to the database itself. */
  String direct() {
    return postgres.url("fusible_app");
  }

  GatewayProcess gateway(int i) {
    return gateways.get(i);
  }

  /** How many businesses' rows satisfy a condition. */
  int rows(String condition) {
    try (Connection connection = connection();
        Statement statement = connection.createStatement();
        ResultSet count =
            statement.executeQuery(
                "select count(*) from fusible.voice_circuit_breaker_state"
                    + " where kind = 'business' and "
                    + condition)) {
      return count.next() ? count.getInt(1) : 0;
    } catch (SQLException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  void sql(String sql) {
    try (Connection connection = connection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Drops the table, with its rights and its policy. */
  void dropTable() {
    sql(DROP);
  }

  /** Makes the table as a migration does, with the rows of the backup, in one transaction. */
  void restoreTable() {
    sql(migration() + RESTORE + KEEPING);
  }

  private static String migration() {
    String file = "/supabase/migrations/20261124000000_voice_circuit_breaker_state.sql";
    try (InputStream resource = SupabaseMigrations.class.getResourceAsStream(file)) {
      return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Holds what a statement locks, until the answer is run. */
  Runnable lock(String statementThatLocks) {
    try {
      Connection connection = connection();
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        statement.execute(statementThatLocks);
      }
      return () -> {
        try {
          connection.rollback();
          connection.close();
        } catch (SQLException impossible) {
          throw new IllegalStateException(impossible);
        }
      };
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
    postgres.close();
  }
}
