package dev.fusible.gateway;

import dev.fusible.gateway.RunningGateway.Answer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Callers who never stop, one every few milliseconds, spread over the gateways and the businesses
 * of a fleet. Each answer must be speech, and come in time.
 */
final class Traffic implements AutoCloseable {

  /** What the callers got. */
  record Tally(
      int calls,
      int sentences,
      double latestMillis,
      double machineMillis,
      @Nullable String wrong) {}

  private static final Duration PAUSE = Duration.ofMillis(50);
  private static final long NEVER = Long.MAX_VALUE;
  private static final int WARMING_CALLS = 60;
  private static final Duration NAP = Duration.ofMillis(5);

  private final Fleet fleet;
  private volatile Duration limit;
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();

  /** Since when a gateway is called; what it owes from before is not counted. */
  private final Map<Integer, Long> calledSince = new ConcurrentHashMap<>();

  private int turn;
  private final Thread hiccups = new Thread(this::watchTheMachine, "hiccups");

  // Guarded by this.
  private int calls;
  private int sentences;
  private double latestMillis;
  private double machineMillis;
  private @Nullable String wrong;
  private final List<Double> allLateMillis = new ArrayList<>();

  /**
   * @param limit of a turn, in the fleet's configuration
   */
  Traffic(Fleet fleet, Duration limit) {
    this.fleet = fleet;
    this.limit = limit;
    fleet.gateways.forEach(this::warm);
    hiccups.setDaemon(true);
    hiccups.start();
    var unneeded = clock.scheduleAtFixedRate(this::call, 0, PAUSE.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** The limit of turns that begin from now on. */
  void limit(Duration next) {
    limit = next;
  }

  /** Nobody calls this gateway: it is gone, or stands still. */
  void avoid(int gateway) {
    calledSince.put(gateway, NEVER);
  }

  /** All gateways are called. One that was just started is slow at first, as any Java process. */
  void callAll() {
    calledSince.forEach(
        (gateway, since) -> {
          if (since == NEVER) {
            warm(fleet.gateway(gateway));
            calledSince.put(gateway, System.nanoTime());
          }
        });
  }

  private boolean counts(int gateway, long begun) {
    return begun >= calledSince.getOrDefault(gateway, Long.MIN_VALUE);
  }

  private void warm(GatewayProcess gateway) {
    for (int i = 0; i < WARMING_CALLS; i++) {
      gateway.chat(fleet.businesses.get(i % fleet.businesses.size()), i % 2 == 0).join();
    }
  }

  private void call() {
    long now = System.nanoTime();
    int gateway = ++turn % fleet.gateways.size();
    String business = fleet.businesses.get(turn / 3 % fleet.businesses.size());
    if (!counts(gateway, now)) {
      return;
    }
    long due = limit.toNanos();
    try {
      var unneeded =
          fleet
              .gateway(gateway)
              .chat(business, turn % 2 == 0)
              .whenComplete((answer, failure) -> ended(gateway, now, due, answer, failure));
    } catch (RuntimeException unsent) {
      // The clock would never call again, and nobody would see why nothing recovers.
      ended(gateway, now, due, null, unsent);
    }
  }

  /** How late a thread can be that only sleeps: as late may those be who answer in time. */
  private void watchTheMachine() {
    try {
      while (true) {
        long begun = System.nanoTime();
        Thread.sleep(NAP.toMillis());
        machineLate((System.nanoTime() - begun - NAP.toNanos()) / 1e6);
      }
    } catch (InterruptedException closed) {
      return;
    }
  }

  private synchronized void machineLate(double millis) {
    machineMillis = Math.max(machineMillis, millis);
  }

  private synchronized void ended(
      int gateway, long begun, long due, @Nullable Answer answer, @Nullable Throwable failure) {
    if (!counts(gateway, begun)) {
      return;
    }
    calls++;
    double late = (System.nanoTime() - begun - due) / 1e6;
    latestMillis = Math.max(latestMillis, late);
    allLateMillis.add(late);
    if (answer == null) {
      wrong = String.valueOf(failure);
    } else if (answer.status() != 200 || answer.words().isBlank()) {
      wrong = answer.status() + " " + answer.body();
    } else if ("fallback".equals(answer.header("X-Fusible-Outcome"))) {
      sentences++;
    }
  }

  /** What was counted since the last time. */
  synchronized Tally take() {
    Tally tally = new Tally(calls, sentences, latestMillis, machineMillis, wrong);
    calls = 0;
    sentences = 0;
    latestMillis = Double.NEGATIVE_INFINITY;
    machineMillis = 0;
    wrong = null;
    return tally;
  }

  /** All is warm: from here on it counts how late answers come. */
  synchronized void countFromHere() {
    allLateMillis.clear();
  }

  /** Of all answers so far, but for one in a thousand: how long after its limit the latest came. */
  synchronized double lateMillisOfNearlyAll() {
    List<Double> sorted = new ArrayList<>(allLateMillis);
    Collections.sort(sorted);
    return sorted.get(Math.max(0, (int) Math.ceil(sorted.size() * 0.999) - 1));
  }

  @Override
  public void close() {
    clock.shutdownNow();
    hiccups.interrupt();
  }
}
