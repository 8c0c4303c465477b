package dev.fusible.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.testkit.Fault;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Three gateways behind a pooler in transaction mode, one of which believes that it is an hour
 * later. Wants Debian's pgbouncer and faketime.
 */
@EnabledIfSystemProperty(
    named = "fleet",
    matches = "true",
    disabledReason = "two minutes with processes that want the cores for themselves: -Dfleet=true")
@EnabledIf(value = "canRun", disabledReason = "pgbouncer or faketime is not installed")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FleetPoolerTest {

  private static final Path WRONG_CLOCK =
      Path.of("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1");

  private final FaultDrill drill = new FaultDrill(12);
  private final Fleet fleet = drill.fleet;
  private final Pooler pooler = new Pooler(fleet.postgres.port());

  static boolean canRun() {
    return Files.exists(Pooler.PROGRAM) && Files.exists(WRONG_CLOCK);
  }

  @BeforeAll
  void start() {
    fleet.add(pooler.url(), Map.of());
    fleet.add(pooler.url(), Map.of());
    fleet.add(
        pooler.url(),
        Map.of(
            "LD_PRELOAD",
            WRONG_CLOCK.toString(),
            "FAKETIME",
            "+1h",
            // What counts durations is left alone, and so is what waits on it.
            "FAKETIME_DONT_FAKE_MONOTONIC",
            "1",
            "FAKETIME_FORCE_MONOTONIC_FIX",
            "0"));
  }

  @AfterAll
  void end() {
    drill.close();
    pooler.close();
  }

  @Test
  void what_opens_in_one_is_refused_by_the_others_within_a_refresh_and_then_all_faults() {
    fleet.holdUpstreamClosed();
    fleet.upstream.fault(Fault.ERROR);
    List<Double> seconds = Spreading.measure(fleet, fleet.businesses.subList(4, 12));
    System.err.println("through a pooler: " + Spreading.words(seconds));
    assertThat(seconds.get(seconds.size() - 1)).isLessThan(6);
    fleet.upstream.fault(Fault.NONE);

    drill.begin();
    drill.during(
        "one gateway's wall clock is an hour ahead", Duration.ofSeconds(14), () -> {}, () -> {});
    drill.during(
        "kill -9 of the pooler, which is started again",
        Duration.ofSeconds(8),
        pooler::kill,
        pooler::start);
  }
}
