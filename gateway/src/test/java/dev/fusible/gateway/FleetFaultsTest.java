package dev.fusible.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fusible.gateway.Fleet.Version;
import dev.fusible.testkit.Fault;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Three gateways on one PostgreSQL, and each of its parts broken in turn. */
@EnabledIfSystemProperty(
    named = "fleet",
    matches = "true",
    disabledReason = "five minutes with processes that want the cores for themselves: -Dfleet=true")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FleetFaultsTest {

  private static final String TABLE = "fusible.voice_circuit_breaker_state";
  private static final Duration SHORT = Duration.ofSeconds(8);

  private final FaultDrill drill = new FaultDrill(12);
  private final Fleet fleet = drill.fleet;

  @BeforeAll
  void start() {
    fleet.start(fleet.direct());
    fleet.holdUpstreamClosed();
    drill.begin();
  }

  @AfterAll
  void end() {
    drill.close();
  }

  @Test
  void a_gateway_killed() {
    drill.during(
        "kill -9 of a gateway, which is started again",
        SHORT,
        () -> {
          drill.avoid(0);
          fleet.gateway(0).kill();
        },
        () -> {
          fleet.gateway(0).start();
          drill.callAll();
        });
  }

  @Test
  void a_gateway_that_stands_still() {
    drill.during(
        "SIGSTOP of a gateway for 20 s",
        Duration.ofSeconds(20),
        () -> {
          drill.avoid(1);
          fleet.gateway(1).pause();
        },
        () -> {
          fleet.gateway(1).resume();
          drill.callAll();
        });
  }

  @Test
  void postgres_killed() {
    drill.during(
        "kill -9 of PostgreSQL, which is started again",
        SHORT,
        fleet.postgres::kill,
        fleet.postgres::startAgain);
  }

  @Test
  void postgres_frozen() {
    drill.during(
        "SIGSTOP of PostgreSQL for 30 s",
        Duration.ofSeconds(30),
        fleet.postgres::stop,
        fleet.postgres::resume);
  }

  @Test
  void a_locked_row() {
    String business = fleet.businesses.get(1);
    AtomicReference<Runnable> unlock = new AtomicReference<>();
    drill.during(
        "a row locked for 60 s",
        Duration.ofSeconds(60),
        () -> {
          // The row must be there to be locked.
          fleet.upstream.fault(Fault.ERROR);
          await().until(() -> fleet.rows("business_id = '" + business + "'") == 1);
          unlock.set(
              fleet.lock(
                  "select from " + TABLE + " where business_id = '" + business + "' for update"));
        },
        () -> {
          assertThat(fleet.gateways)
              .as("one row is no outage")
              .allMatch(gateway -> gateway.admin("/readyz").path("reasons").isEmpty());
          unlock.get().run();
        });
  }

  @Test
  void a_table_dropped() {
    drill.during("the table dropped and restored", SHORT, fleet::dropTable, fleet::restoreTable);
  }

  @Test
  void update_revoked() {
    drill.during(
        "UPDATE revoked",
        SHORT,
        () -> fleet.sql("revoke update on " + TABLE + " from fusible_app"),
        () -> fleet.sql("grant update on " + TABLE + " to fusible_app"));
  }

  @Test
  void a_holder_that_stood_still_changes_nothing_when_it_comes_back() {
    String business = fleet.businesses.get(2);
    drill.avoid(0);
    fleet.upstream.fault(Fault.ERROR);
    await().until(() -> isOpen(business));
    fleet.upstream.slowBy(Duration.ofMillis(1_500)).faultOnce(Fault.SLOW);
    drill.avoid(1);
    drill.avoid(2);
    await()
        .until(
            () -> {
              fleet.gateway(0).chat(business, false);
              return fleet.rows("state = 'HALF_OPEN' and business_id = '" + business + "'") == 1;
            });

    fleet.gateway(0).pause();
    final int versions = versionsOf(business).size();
    FaultDrill.pause(Duration.ofSeconds(20));
    for (int i = 0; i < 20; i++) {
      fleet.gateway(1).chat(business, false).join();
    }
    await().until(() -> isOpen(business));
    fleet.gateway(0).resume();
    FaultDrill.pause(Duration.ofSeconds(2));

    List<Version> since = versionsOf(business).subList(versions - 1, versionsOf(business).size());
    assertThat(since).extracting(Version::state).contains("OPEN").doesNotContain("CLOSED");
    assertThat(since)
        .filteredOn(version -> version.state().equals("HALF_OPEN"))
        .extracting(Version::trialToken)
        .as("the trial of the one who stood still, and another's")
        .hasSizeGreaterThanOrEqualTo(2);
    fleet.upstream.fault(Fault.NONE);
    drill.callAll();
    drill.awaitWell();
    Histories.assertSound(fleet.history(), 1.0);
  }

  private boolean isOpen(String business) {
    return fleet.rows("state = 'OPEN' and business_id = '" + business + "'") == 1;
  }

  private List<Version> versionsOf(String business) {
    return fleet.history().stream().filter(v -> v.business().equals(business)).toList();
  }
}
