package dev.fusible.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusible.gateway.Fleet.Version;
import dev.fusible.testkit.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.core.ConditionTimeoutException;

/**
 * Breaks a part of a fleet that is called all the time, while its upstream fails, hangs and works
 * by turns; mends it, waits until all is well, and looks whether anybody waited too long and
 * whether anything that was written is gone.
 */
final class FaultDrill implements AutoCloseable {

  private static final String BREAKER = "{recoveryTimeout: 1s, timeout: 2s}";
  private static final String DEADLINES = "{firstSpeech: 2s, stall: 1s, answer: 2s}";
  static final Duration LIMIT = Duration.ofSeconds(2);
  private static final double RECOVERY_SECONDS = 1;
  private static final double LATE_MILLIS = 50;
  private static final List<Fault> WEATHER = List.of(Fault.ERROR, Fault.HANG, Fault.NONE);

  /** Both kinds of trouble, and then the fault goes on while the upstream is mended. */
  static final Duration SHORT = Duration.ofSeconds(5);

  private static final Duration CHANGES_EVERY = Duration.ofSeconds(2);

  /** One fault, and what came of it. */
  private record Row(String name, double seconds, Traffic.Tally tally, double recovered) {

    String words() {
      return String.format(
          "%-48s %6.1f s %6d %10d %+9.0f ms %8.0f ms %9.1f s",
          name,
          seconds,
          tally.calls(),
          tally.sentences(),
          tally.latestMillis(),
          tally.machineMillis(),
          recovered);
    }
  }

  final Fleet fleet;
  private Traffic traffic;
  private final List<Row> rows = new ArrayList<>();

  FaultDrill(int businessCount) {
    fleet = new Fleet(businessCount, BREAKER, DEADLINES);
  }

  /** The gateways of the fleet have been started: the callers come. */
  void begin() {
    traffic = new Traffic(fleet, LIMIT);
    // Java is slow where it has not been yet.
    for (Fault weather : WEATHER) {
      fleet.upstream.fault(weather);
      pause(CHANGES_EVERY);
    }
    awaitWell();
    traffic.countFromHere();
  }

  /** Nobody calls this gateway: it is gone, or stands still. */
  void avoid(int gateway) {
    traffic.avoid(gateway);
  }

  void callAll() {
    traffic.callAll();
  }

  /** A fault that lasts, while the upstream fails, hangs and works by turns. */
  void during(String name, Duration lasts, Runnable breaks, Runnable mends) {
    during(name, lasts, WEATHER, LIMIT, breaks, mends);
  }

  /** A fault of the upstream alone. */
  void upstream(Fault fault, Duration limit) {
    during("the upstream: " + fault, SHORT, List.of(fault), limit, () -> {}, () -> {});
  }

  private void during(
      String name,
      Duration lasts,
      List<Fault> weather,
      Duration limit,
      Runnable breaks,
      Runnable mends) {
    traffic.limit(limit);
    List<Version> before = fleet.history();
    traffic.take();
    long begun = System.nanoTime();
    breaks.run();
    for (int i = 0; secondsSince(begun) < lasts.toSeconds(); i++) {
      fleet.upstream.fault(weather.get(i % weather.size()));
      pause(CHANGES_EVERY);
    }
    fleet.upstream.fault(Fault.NONE);
    final double seconds = secondsSince(begun);
    mends.run();
    long mended = System.nanoTime();
    awaitWell();
    Row row = new Row(name, seconds, traffic.take(), secondsSince(mended));
    rows.add(row);
    System.err.println(row.words());
    assertThat(row.tally().wrong()).as(name).isNull();
    List<Version> history = fleet.history();
    assertThat(history).as("what was written before").containsAll(before);
    Histories.assertSound(history, RECOVERY_SECONDS);
  }

  /** The gateways know the database, and every circuit is closed in all of them and in it. */
  void awaitWell() {
    try {
      await()
          .atMost(Duration.ofSeconds(90))
          .pollInterval(Duration.ofMillis(100))
          .ignoreExceptions()
          .until(
              () ->
                  fleet.rows("state <> 'CLOSED'") == 0
                      && fleet.gateways.stream().allMatch(gateway -> ailing(gateway).isEmpty()));
    } catch (ConditionTimeoutException stillIll) {
      throw new AssertionError(
          traffic.take() + fleet.gateways.stream().map(FaultDrill::ailing).toList().toString());
    }
  }

  /** What is not as it should be. */
  private static List<JsonNode> ailing(GatewayProcess gateway) {
    List<JsonNode> ailing = new ArrayList<>();
    JsonNode readiness = gateway.admin("/readyz");
    if (!readiness.path("status").asText().equals("ready")) {
      ailing.add(readiness);
    }
    for (String state : List.of("OPEN", "HALF_OPEN")) {
      gateway.admin("/admin/circuits?state=" + state).path("circuits").forEach(ailing::add);
    }
    return ailing;
  }

  static void pause(Duration duration) {
    try {
      Thread.sleep(duration.toMillis());
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  static double secondsSince(long nanos) {
    return (System.nanoTime() - nanos) / 1e9;
  }

  /** Ends the fleet, prints what came of each fault, and judges how late answers came. */
  @Override
  public void close() {
    if (traffic != null) {
      traffic.close();
    }
    fleet.close();
    if (rows.isEmpty()) {
      return;
    }
    System.err.printf(
        "%n%-48s %8s %6s %10s %12s %11s %11s%n",
        "fault", "lasts", "calls", "sentences", "past limit", "machine", "recovered");
    rows.forEach(row -> System.err.println(row.words()));
    double late = traffic.lateMillisOfNearlyAll();
    System.err.printf("past the limit, p99.9 of all answers: %+.0f ms%n", late);
    assertThat(late).isLessThan(LATE_MILLIS);
  }
}
