package dev.fusible.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fusible.gateway.Fleet.Version;
import dev.fusible.gateway.RunningGateway.Answer;
import dev.fusible.testkit.Fault;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Three gateways on one PostgreSQL act as one, whatever happens to them. */
@EnabledIfSystemProperty(
    named = "fleet",
    matches = "true",
    disabledReason =
        "two minutes with four processes that want the cores for themselves: -Dfleet=true")
class FleetTest {

  private static final int BUSINESSES = 20;
  private static final int ROUNDS = 10;
  private static final String HEALTHY = "business-0";

  private final Fleet fleet = new Fleet(BUSINESSES + 1, "1s");

  /**
   * What is seen here is each business's circuit: the upstream's would open before most of them.
   */
  @BeforeEach
  void hold_the_upstreams_circuit_closed() {
    fleet.holdUpstreamClosed();
  }

  @AfterEach
  void close() {
    fleet.close();
  }

  private List<String> failing() {
    return fleet.businesses.subList(1, fleet.businesses.size());
  }

  private GatewayProcess gateway(int i) {
    return fleet.gateways.get(i % fleet.gateways.size());
  }

  /** One call of each business through each of the gateways, at the same time. */
  private List<Answer> callAll(List<String> businesses) {
    List<CompletableFuture<Answer>> calls = new ArrayList<>();
    for (String business : businesses) {
      fleet.gateways.forEach(gateway -> calls.add(gateway.chat(business, true)));
    }
    return calls.stream().map(CompletableFuture::join).toList();
  }

  /** Calls until as many rows satisfy the condition: what the database says is what is so. */
  private void callUntil(String condition, int rows) {
    await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(50))
        .until(
            () -> {
              callAll(failing());
              return fleet.rows(condition) == rows;
            });
  }

  @Test
  void one_trial_at_a_time_in_two_hundred_recoveries() {
    for (int round = 0; round < ROUNDS; round++) {
      fleet.upstream.fault(Fault.ERROR);
      callUntil("state <> 'CLOSED'", BUSINESSES);
      fleet.upstream.fault(Fault.NONE);
      callUntil("state = 'CLOSED'", BUSINESSES);
    }

    List<Version> history = fleet.history();
    Histories.assertSound(history, 1.0);
    assertThat(Histories.recoveries(history)).isEqualTo(BUSINESSES * ROUNDS);
    assertThat(Histories.trials(history)).isGreaterThanOrEqualTo(BUSINESSES * ROUNDS);
    System.err.printf(
        "%d recoveries of %d circuits by %d trials, one at a time%n",
        Histories.recoveries(history), BUSINESSES, Histories.trials(history));
    assertThat(history).noneMatch(version -> version.business().equals(HEALTHY));
  }

  @Test
  void what_opens_in_one_is_refused_by_the_others_at_once() {
    fleet.upstream.fault(Fault.ERROR);
    List<Double> seconds = Spreading.measure(fleet, failing());

    System.err.println("open in one gateway, refused by the others: " + Spreading.words(seconds));
    assertThat(seconds.get(seconds.size() / 2)).as("median").isLessThan(0.2);
  }

  @Test
  void a_killed_holder_of_the_trial_is_followed_by_another() {
    String business = failing().get(0);
    fleet.upstream.fault(Fault.ERROR);
    callUntil("state <> 'CLOSED'", BUSINESSES);
    fleet.upstream.fault(Fault.HANG);
    await()
        .until(
            () -> {
              gateway(0).chat(business, true);
              return fleet.upstream.inFlight() > 0;
            });
    gateway(0).kill();

    fleet.upstream.fault(Fault.NONE);
    await()
        .atMost(Duration.ofSeconds(40))
        .pollInterval(Duration.ofMillis(200))
        .until(
            () -> {
              gateway(1).chat(business, true).join();
              return gateway(1).state(business).equals("CLOSED");
            });
    gateway(0).start();

    Histories.assertSound(fleet.history(), 1.0);
  }

  @Test
  void while_the_table_is_gone_or_locked_or_read_only_calls_go_on_and_nothing_is_lost()
      throws SQLException {
    String business = failing().get(0);
    callAll(List.of(business));

    outage(fleet::dropTable, fleet::restoreTable);
    outage(
        () -> fleet.sql("revoke update on fusible.voice_circuit_breaker_state from fusible_app"),
        () -> fleet.sql("grant update on fusible.voice_circuit_breaker_state to fusible_app"));
    try (Connection connection = fleet.connection();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("lock table fusible.voice_circuit_breaker_state in exclusive mode");
      assertCallsGoOn(failing().get(3));
      connection.rollback();
    }

    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                fleet.history().stream()
                        .filter(version -> version.state().equals("OPEN"))
                        .map(Version::business)
                        .collect(Collectors.toSet())
                        .size()
                    >= 3);
    Histories.assertSound(fleet.history(), 1.0);
  }

  private int outages;

  private void outage(Runnable breaks, Runnable mends) {
    String business = failing().get(++outages);
    breaks.run();
    assertCallsGoOn(business);
    await().until(() -> gateway(0).admin("/readyz").path("status").asText().equals("degraded"));
    mends.run();
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> gateway(0).admin("/readyz").path("status").asText().equals("ready"));
  }

  private void assertCallsGoOn(String business) {
    fleet.upstream.fault(Fault.ERROR);
    for (int i = 0; i < 12; i++) {
      Answer answer = gateway(0).chat(business, i % 2 == 0).join();
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.words()).isNotBlank();
    }
    assertThat(gateway(0).state(business)).isIn("OPEN", "HALF_OPEN");
  }
}
