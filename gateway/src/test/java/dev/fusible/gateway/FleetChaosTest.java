package dev.fusible.gateway;

import dev.fusible.gateway.FaultyLine.Mode;
import dev.fusible.testkit.Fault;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * The whole on one machine: three gateways, two of them behind a pooler, one PostgreSQL, an
 * upstream, callers, and all that can be made to fail. It prints a table: what failed for how long,
 * calls, sentences, how long after its limit the latest answer came, how late the machine itself
 * was meanwhile, and when all circuits were closed again.
 */
@EnabledIfSystemProperty(
    named = "chaos",
    matches = "true",
    disabledReason =
        "eight minutes with processes that want the cores for themselves: -Dchaos=true")
@EnabledIf(value = "hasPooler", disabledReason = "pgbouncer is not installed")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FleetChaosTest {

  private static final String TABLE = "fusible.voice_circuit_breaker_state";
  private static final String END_CONNECTIONS =
      "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'fusible_app'";

  /** Of an answer that begins to speak and then falls silent: what was said, and a sentence. */
  private static final Duration BEGUN = Duration.ofSeconds(4);

  private final FaultDrill drill = new FaultDrill(12);
  private final Fleet fleet = drill.fleet;
  private final Pooler pooler = new Pooler(fleet.postgres.port());
  private final FaultyLine pooled = new FaultyLine(pooler.port());
  private final FaultyLine direct = new FaultyLine(fleet.postgres.port());

  static boolean hasPooler() {
    return Files.exists(Pooler.PROGRAM);
  }

  @BeforeAll
  void start() {
    fleet.add(url(pooled), Map.of());
    fleet.add(url(pooled), Map.of());
    fleet.add(url(direct), Map.of());
    drill.begin();
  }

  private static String url(FaultyLine line) {
    return "jdbc:postgresql://127.0.0.1:%d/postgres?user=fusible_app".formatted(line.port());
  }

  @AfterAll
  void end() {
    drill.close();
    pooled.close();
    direct.close();
    pooler.close();
  }

  private void fault(String name, Runnable breaks, Runnable mends) {
    drill.during(name, FaultDrill.SHORT, breaks, mends);
  }

  private void sql(String name, String breaks, String mends) {
    fault(name, () -> fleet.sql(breaks), () -> fleet.sql(mends));
  }

  private void line(String name, Mode mode) {
    fault(
        name,
        () -> {
          pooled.mode(mode);
          direct.mode(mode);
        },
        () -> {
          pooled.mode(Mode.PASS);
          direct.mode(Mode.PASS);
        });
  }

  private void lock(String name, String statement) {
    AtomicReference<Runnable> unlock = new AtomicReference<>();
    fault(name, () -> unlock.set(fleet.lock(statement)), () -> unlock.get().run());
  }

  @Test
  void processes() {
    fault("kill -9 of PostgreSQL", fleet.postgres::kill, fleet.postgres::startAgain);
    fault("SIGSTOP of PostgreSQL", fleet.postgres::stop, fleet.postgres::resume);
    fault("kill -9 of the pooler", pooler::kill, pooler::start);
    fault("SIGSTOP of the pooler", pooler::stop, pooler::resume);
    for (int i : List.of(0, 2)) {
      fault(
          "kill -9 of gateway " + i,
          () -> {
            drill.avoid(i);
            fleet.gateway(i).kill();
          },
          () -> {
            fleet.gateway(i).start();
            drill.callAll();
          });
      fault(
          "SIGSTOP of gateway " + i,
          () -> {
            drill.avoid(i);
            fleet.gateway(i).pause();
          },
          () -> {
            fleet.gateway(i).resume();
            drill.callAll();
          });
    }
    fault(
        "SIGTERM of gateway 1",
        () -> {
          drill.avoid(1);
          fleet.gateway(1).stop();
        },
        () -> {
          fleet.gateway(1).start();
          drill.callAll();
        });
  }

  @Test
  void the_line_to_the_store() {
    line("the store's line swallows all", Mode.SWALLOW);
    line("the store's line resets each connection", Mode.RESET);
    line("the store's line is 1.5 s slow", Mode.SLOW);
    fault("the pooler's line swallows all", () -> pooled.mode(Mode.SWALLOW), this::mendPooled);
    fault("the pooler's line resets", () -> pooled.mode(Mode.RESET), this::mendPooled);
  }

  private void mendPooled() {
    pooled.mode(Mode.PASS);
  }

  @Test
  void the_table() {
    fault("the table dropped", fleet::dropTable, fleet::restoreTable);
    for (String right : List.of("select", "insert", "update")) {
      sql(
          right.toUpperCase(Locale.ROOT) + " revoked",
          "revoke " + right + " on " + TABLE + " from fusible_app",
          "grant " + right + " on " + TABLE + " to fusible_app");
    }
    sql(
        "the policy dropped",
        "drop policy fusible_app on " + TABLE,
        "create policy fusible_app on " + TABLE + " to fusible_app using (true) with check (true)");
    lock("the table locked", "lock table " + TABLE + " in exclusive mode");
    lock("every row locked", "select from " + TABLE + " for update");
    sql(
        "a column renamed",
        "alter table " + TABLE + " rename column hold to grip",
        "alter table " + TABLE + " rename column grip to hold");
    sql(
        "a row of a later version's state",
        unrecorded("state = 'MELTED', failed_trials = failed_trials"),
        unrecorded("state = 'CLOSED', opened_at = null"));
    sql(
        "the disk is full",
        "create function fusible.full() returns trigger language plpgsql as $$ begin"
            + " raise exception 'full' using errcode = '53100'; end $$;"
            + " create trigger full_disk before insert or update on "
            + TABLE
            + " for each row execute function fusible.full()",
        "drop trigger full_disk on " + TABLE + "; drop function fusible.full()");
  }

  /** A change by hand, of which the history knows nothing. */
  private String unrecorded(String change) {
    return "set session_replication_role = replica; update %s set %s where business_id = '%s'"
        .formatted(TABLE, change, fleet.businesses.get(3));
  }

  @Test
  void the_server() {
    sql("all connections ended by the server", END_CONNECTIONS, "select 1");
    sql(
        "the primary is read-only",
        "alter role fusible_app set default_transaction_read_only = on; " + END_CONNECTIONS,
        "alter role fusible_app reset default_transaction_read_only; " + END_CONNECTIONS);
    sql(
        "no connection is left",
        "alter role fusible_app connection limit 0; " + END_CONNECTIONS,
        "alter role fusible_app connection limit -1");
    sql(
        "the login is refused",
        "alter role fusible_app nologin; " + END_CONNECTIONS,
        "alter role fusible_app login");
  }

  @Test
  void the_upstream() {
    for (Fault fault :
        List.of(
            Fault.HANG,
            Fault.ERROR,
            Fault.KEEP_ALIVE,
            Fault.RATE_LIMIT,
            Fault.UNAUTHORIZED,
            Fault.HTML,
            Fault.ERROR_IN_200,
            Fault.REFUSE)) {
      drill.upstream(fault, FaultDrill.LIMIT);
    }
    for (Fault fault : List.of(Fault.CUT, Fault.STALL, Fault.DRIP)) {
      drill.upstream(fault, BEGUN);
    }
  }
}
