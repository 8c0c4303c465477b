package dev.fusible;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * What one run is made of, drawn from its seed. Each run has some kinds of trouble and not others:
 * a run with all of them would hardly ever get far with any.
 */
final class SimulationPlan {

  /** A kind of trouble. */
  enum Trouble {
    OUTAGE,
    PARTITION,
    ROW_LOCK,
    UNREADABLE_ROW,
    RESTORE,
    STORE_CLOCK_STEP,
    PAUSE,
    CRASH,
    CLOSE,
    OPERATOR,
    EVICTION,
    METRICS_RESET,
    WALL_CLOCK_STEP
  }

  /** The name of what businesses call, and the id of its circuit. */
  static final String UPSTREAM = "llm";

  static final String UPSTREAM_ID = CircuitId.ofUpstream(UPSTREAM);

  private final int instances;
  private final Map<String, CircuitBreakerConfig> configs = new LinkedHashMap<>();
  private final Set<Trouble> troubles = EnumSet.noneOf(Trouble.class);
  private final long cacheTtlMillis;
  private final long leastLatency;
  private final long mostLatency;
  private final boolean lockTimeout;
  private final double troubleRate;
  private final long busyGapMillis;
  private final Set<String> sharing = new LinkedHashSet<>();
  private final int minBusinesses;
  private final boolean notices;
  private final double unheard;
  private final CircuitBreakerConfig upstream;

  SimulationPlan(SimulatedWorld world) {
    instances = world.chance(0.15) ? 1 : 2 + world.upTo(4);
    int businesses = 1 + world.upTo(3);
    if (!world.chance(0.15)) {
      double share = world.oneOf(0.1, 0.3, 0.6);
      for (Trouble trouble : Trouble.values()) {
        if (world.chance(trouble == Trouble.RESTORE ? share / 3 : share)) {
          troubles.add(trouble);
        }
      }
    }
    int circuits = has(Trouble.EVICTION) ? businesses + 3 : businesses;
    for (int i = 0; i < circuits; i++) {
      configs.put("business-" + (char) ('a' + i), config(world));
    }
    cacheTtlMillis = world.oneOf(1_000L, 5_000L);
    leastLatency = 100_000L;
    mostLatency = world.oneOf(1L, 20L, 200L) * SimulatedWorld.MILLISECOND;
    lockTimeout = world.chance(0.3);
    troubleRate = world.oneOf(0.01, 0.04, 0.1);
    busyGapMillis = world.oneOf(20L, 200L, 1_000L);
    upstream = config(world);
    minBusinesses = 1 + world.upTo(3);
    if (world.chance(0.35)) {
      sharing.addAll(configs.keySet());
      if (world.chance(0.2)) {
        sharing.remove("business-a");
      }
    }
    notices = world.chance(0.15);
    unheard = world.chance(0.7) ? 0 : 0.5;
  }

  private static CircuitBreakerConfig config(SimulatedWorld world) {
    Duration recovery = Duration.ofMillis(world.oneOf(800L, 5_000L, 30_000L));
    CircuitBreakerConfig.Builder config =
        CircuitBreakerConfig.builder()
            .failureThreshold(1 + world.upTo(6))
            .volumeThreshold(1 + world.upTo(10))
            .recoveryTimeout(recovery)
            .timeout(Duration.ofMillis(world.oneOf(0L, 400L, 2_000L, 8_000L, 8_000L)))
            .trialPatience(Duration.ofMillis(world.oneOf(100L, 3_000L, 10_000L)))
            .recoveryBackoff(world.oneOf(1.0, 1.0, 1.5, 3.0))
            .maxRecoveryTimeout(recovery.multipliedBy(4))
            .tripPolicy(policy(world));
    return (world.chance(0.7) ? config.recordResult("rejected"::equals) : config).build();
  }

  private static TripPolicy policy(SimulatedWorld world) {
    return switch (world.upTo(10)) {
      case 0 -> TripPolicy.failureRate(0.5, 8);
      case 1 -> TripPolicy.failureRate(0.4, Duration.ofSeconds(10));
      case 2 -> TripPolicy.slowCalls(0.5, Duration.ofMillis(300), 6);
      default -> TripPolicy.consecutiveFailures();
    };
  }

  boolean has(Trouble trouble) {
    return troubles.contains(trouble);
  }

  /** Whether anything but an instance's own doing can come between it and the store. */
  List<Trouble> troubles() {
    return new ArrayList<>(troubles);
  }

  int instances() {
    return instances;
  }

  List<String> businesses() {
    return List.copyOf(configs.keySet());
  }

  /** The circuits of the businesses, and of the upstream where they share one. */
  List<String> circuits() {
    List<String> circuits = new ArrayList<>(configs.keySet());
    if (!sharing.isEmpty()) {
      circuits.add(UPSTREAM_ID);
    }
    return circuits;
  }

  /** Whether the business's calls pass the upstream's circuit. */
  boolean sharesUpstream(String business) {
    return sharing.contains(business);
  }

  boolean hasUpstream() {
    return !sharing.isEmpty();
  }

  int minBusinesses() {
    return minBusinesses;
  }

  /** Whether the store tells of changes. */
  boolean notices() {
    return notices;
  }

  /** How likely nobody hears of an instance's calls. */
  double unheard() {
    return unheard;
  }

  CircuitBreakerConfig config(String circuit) {
    return circuit.equals(UPSTREAM_ID) ? upstream : Objects.requireNonNull(configs.get(circuit));
  }

  int maxCircuits() {
    return has(Trouble.EVICTION) ? Math.max(1, configs.size() - 4) : 1_000;
  }

  Duration cacheTtl() {
    return Duration.ofMillis(cacheTtlMillis);
  }

  long leastLatency() {
    return leastLatency;
  }

  /** The longest that a request, or its answer, is under way when nothing is wrong. */
  long mostLatency() {
    return mostLatency;
  }

  boolean lockTimeout() {
    return lockTimeout;
  }

  double troubleRate() {
    return troubleRate;
  }

  long busyGapMillis() {
    return busyGapMillis;
  }

  @Override
  public String toString() {
    return instances
        + " instances, cacheTtl "
        + cacheTtlMillis
        + " ms, latency up to "
        + mostLatency / 1_000
        + " us, "
        + troubles
        + (notices ? ", notices" : "")
        + (sharing.isEmpty() ? "" : ", upstream of " + sharing + " by " + minBusinesses)
        + circuits().stream()
            .map(c -> "\n  " + c + " " + SimulationTrace.shown(config(c)))
            .reduce("", String::concat);
  }
}
