package dev.fusible;

import dev.fusible.Sightings.Sight;
import dev.fusible.SimulatedWorld.Kind;
import dev.fusible.SimulatedWorld.Step;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Follows one business's circuit in one incarnation of an instance: what it becomes in each step,
 * what it asks of the store, what its listeners hear.
 */
final class CircuitWatch {

  private static final int REMEMBERED_ROWS = 64;

  private final Simulation simulation;
  private final SimulatedWorld world;
  private final SimulatedInstance instance;
  private final String business;
  private final CircuitBreakerConfig config;
  private @Nullable Circuit circuit;
  private MachineState last = MachineState.INITIAL;
  private long madeAt;
  private CircuitBreakerState heard = CircuitBreakerState.CLOSED;
  private final List<Circuit> evicted = new ArrayList<>();
  private boolean wasEvicted;

  private final Map<Long, CircuitBreakerStoreState> rows = new HashMap<>();
  private final Deque<Long> rowVersions = new ArrayDeque<>();
  private final Set<Long> trialFrom = new HashSet<>();
  private final Set<String> orderedWrites = new HashSet<>();
  private boolean orderPending;
  private String prefix = "";
  private long causes;
  private long resetAt;
  private long acknowledged;
  private long dirtySince = -1;
  private long dirtyVersion;

  CircuitWatch(Simulation simulation, SimulatedInstance instance, String business) {
    this.simulation = simulation;
    this.world = simulation.world();
    this.instance = instance;
    this.business = business;
    this.config = simulation.plan().config(business);
  }

  Simulation simulation() {
    return simulation;
  }

  SimulatedInstance instance() {
    return instance;
  }

  String business() {
    return business;
  }

  @Nullable Circuit circuit() {
    return circuit;
  }

  /** The present circuit, if there is one that was not evicted. */
  @Nullable MachineState state() {
    Circuit present = circuit;
    return present == null || present.machine().isEvicted() ? null : present.machine();
  }

  /** The driver came by the circuit that is now in the registry. */
  void sees(Circuit present) {
    if (present != circuit) {
      if (circuit != null) {
        world.check(
            circuit.machine().isEvicted(),
            "one circuit a business",
            () -> this + " has two circuits");
        simulation.sightings().saw(Sight.RETURN_AFTER_EVICTION);
        evicted.add(circuit);
      }
      circuit = present;
      last = present.machine();
      if (last != MachineState.INITIAL
          && (!isUpstream() || last.resets() != 0 || last.failureCount() != 0)) {
        // An attempt outlived its circuit, and has settled in a successor that nobody came by.
        causes++;
      }
      madeAt = world.now();
      resetAt = madeAt;
      wasEvicted = false;
      dirtySince = -1;
    }
  }

  // --- after each step

  void after(Step step) {
    for (Circuit gone : evicted) {
      world.check(
          gone.machine().isEvicted(),
          "eviction is for ever",
          () -> this + " came back to life as " + SimulationTrace.shown(gone.machine()));
    }
    Circuit present = circuit;
    if (present == null) {
      return;
    }
    MachineState before = last;
    MachineState now = present.machine();
    if (now == before) {
      return;
    }
    last = now;
    world.trace.add(world.now(), "  " + step.kind, this, now);
    if (now.isEvicted()) {
      evicted(before, present);
      return;
    }
    if (wasEvicted) {
      world.check(
          false,
          "eviction is for ever",
          () -> this + " came back to life as " + SimulationTrace.shown(now));
      return;
    }
    boolean isolated =
        step.kind == Kind.CALL || step.kind == Kind.OPERATION || step.kind == Kind.ORDER;
    if (isolated) {
      world.check(
          business.equals(step.business) || isUpstream(),
          "I10",
          () -> this + " changed in a step of " + step.business);
    }
    countCause(before, now);
    new TransitionCheck(simulation, this, config, step).check(before, now);
    followDirt(now);
    mayStayClosed(now);
    if (isUpstream()) {
      new UpstreamCheck(simulation, this).check(before, now);
    }
    if (wasGivenBack(before.trial(), now.trial())) {
      simulation.sightings().saw(Sight.TRIAL_GIVEN_BACK);
    }
  }

  private static boolean wasGivenBack(@Nullable Trial before, @Nullable Trial now) {
    return before != null
        && now != null
        && before.phase() == Trial.Phase.RUNNING
        && now.equals(before.in(Trial.Phase.READY));
  }

  boolean isUpstream() {
    return CircuitId.isUpstream(business);
  }

  private void evicted(MachineState before, Circuit present) {
    wasEvicted = true;
    boolean idle =
        before.state() == CircuitBreakerState.CLOSED
            && before.hold() == Hold.NONE
            && before.failureCount() == 0
            && before.persisted() != null
            && !before.isDirty();
    world.check(
        idle,
        "only idle CLOSED circuits are evicted",
        () -> this + " was evicted as " + SimulationTrace.shown(before));
    world.check(
        present.inFlight() == 0, "only idle circuits are evicted", () -> this + " has attempts");
    simulation.sightings().saw(Sight.EVICTION);
  }

  /** By its own counts, a CLOSED circuit must not have to open. */
  void mayStayClosed(MachineState s) {
    boolean trips =
        !isUpstream()
            && s.state() == CircuitBreakerState.CLOSED
            && s.hold() == Hold.NONE
            && config.tripPolicy() instanceof ConsecutiveFailures
            && s.failureCount() >= config.failureThreshold()
            && s.requestCount() >= config.volumeThreshold();
    world.check(
        !trips, "rule 1 of CLOSED", () -> this + " stays CLOSED as " + SimulationTrace.shown(s));
  }

  // --- I7: writes and their causes; and that what is to be written is written

  private void countCause(MachineState before, MachineState now) {
    if (now.resets() != before.resets()) {
      resetAt = world.now();
    }
    boolean byRow = now.persisted() != before.persisted() && !now.isDirty();
    boolean cause =
        now.failureCount() != before.failureCount()
            || now.resets() != before.resets()
            || now.rowGeneration() != before.rowGeneration()
            || now.isCommanded() != before.isCommanded();
    if (cause && !byRow) {
      causes++;
    }
  }

  void writes(CircuitBreakerStoreState row) {
    prefix = row.writeId().substring(0, row.writeId().indexOf(':'));
    sees(instance.breakers().circuit(business));
    long base = row.version();
    world.check(
        base == 0 || rows.containsKey(base),
        "I2",
        () -> this + " writes over a row it has not seen: " + base);
    if (orderPending) {
      orderedWrites.add(row.writeId());
    }
  }

  /** A write or a claim of this circuit was answered as written. */
  void acknowledged() {
    acknowledged++;
    world.check(
        acknowledged <= causes || simulation.history().wasRestored(),
        "I7",
        () -> this + " made " + acknowledged + " writes for " + causes + " causes");
  }

  void claims() {
    causes++;
    world.check(
        last.persisted() != null, "I2", () -> this + " claims the trial of a row it has not seen");
  }

  boolean isOrdered(String writeId) {
    return orderedWrites.contains(writeId);
  }

  /** Whether a token, or the id of a write, is this incarnation's. */
  boolean owns(@Nullable String token) {
    return token != null && !prefix.isEmpty() && token.startsWith(prefix);
  }

  private void followDirt(MachineState now) {
    if (!now.isCommanded()) {
      orderPending = false;
    }
    Persisted row = now.persisted();
    if (row == null || !now.isDirty()) {
      dirtySince = -1;
    } else if (dirtySince < 0 || dirtyVersion != row.version()) {
      dirtySince = world.now();
      dirtyVersion = row.version();
    }
  }

  /** Whether the store was within reach ever since the circuit's last reset of its failures. */
  boolean isWellSinceReset() {
    return instance.line().troubledUntil() < resetAt
        && instance.resumedAt() < resetAt
        && instance.degradedUntil() < resetAt
        && !instance.isDegraded()
        && !isAlone()
        && simulation.history().wasReadableSince(business, resetAt);
  }

  /** When the circuit last reset its failures. */
  long resetAt() {
    return resetAt;
  }

  /** How long the circuit has had something to write without any write of it succeeding. */
  long dirtyFor() {
    return dirtySince < 0 ? 0 : world.now() - dirtySince;
  }

  void ordered() {
    orderPending = true;
  }

  // --- rows that reached the instance

  void answered(CircuitBreakerStoreState row) {
    if (rows.put(row.version(), row) == null) {
      rowVersions.add(row.version());
      if (rowVersions.size() > REMEMBERED_ROWS) {
        rows.remove(rowVersions.remove());
      }
    }
  }

  @Nullable CircuitBreakerStoreState rowThatArrived(long version) {
    return rows.get(version);
  }

  /** Whether a row of its own came in between two others: it may have been taken in as well. */
  boolean wroteBetween(long version, long laterVersion) {
    for (long between = version + 1; between < laterVersion; between++) {
      CircuitBreakerStoreState row = rows.get(between);
      if (row != null && owns(row.writeId())) {
        return true;
      }
    }
    return false;
  }

  // --- trials

  /** The circuit asks for a trial, or takes one by itself: from which of its own generations. */
  void mayTryFrom(MachineState s) {
    trialFrom.add(s.rowGeneration());
    if (s.persisted() != null) {
      trialFrom.add(s.persisted().generation());
    }
  }

  boolean triedFrom(long generation) {
    return trialFrom.contains(generation);
  }

  void trialBegins() {
    MachineState s = circuit == null ? MachineState.INITIAL : circuit.machine();
    Trial trial = s.trial();
    if (trial == null) {
      return;
    }
    SimulatedStore.Row row = simulation.store().row(business);
    boolean leased = row != null && trial.token().equals(row.content().trialToken());
    simulation.sightings().saw(leased ? Sight.TRIAL_BY_LEASE : Sight.DEGRADED_TRIAL);
  }

  /** I5: what an ordinary call is let through by must not be old. */
  void ordinaryCallBegins() {
    MachineState s = circuit == null ? MachineState.INITIAL : circuit.machine();
    long longest = simulation.longestRefresh();
    long since = world.now() - longest;
    boolean healthy =
        instance.line().troubledUntil() < since
            && instance.resumedAt() < since
            && instance.startedAt() < since
            && madeAt < since
            && !simulation.history().wasRestored()
            && instance.degradedUntil() < since
            && !instance.isDegraded()
            && !isAlone()
            && simulation.history().wasReadableSince(business, since);
    if (!healthy) {
      return;
    }
    long known = s.persisted() == null ? -1 : s.persisted().version();
    long owed = simulation.history().versionAt(business, since);
    world.check(
        known >= owed,
        "I5",
        () ->
            this + " acts on version " + known + " although " + owed + " is older than " + longest);
    world.check(
        dirtyFor() <= simulation.longestWrite(),
        "counts are written within 1 s",
        () -> this + " has had something to write for " + dirtyFor() + " ns");
  }

  /** Whether the circuit goes on without its row: the store can't read it, or refuses it. */
  boolean isAlone() {
    Circuit present = circuit;
    return present != null
        && present.hasLink()
        && (present.link().unreadable || present.link().failures > 1);
  }

  // --- events

  void hears(StateChange change) {
    world.check(
        change.from() == heard && change.to() != change.from(),
        "one event for a transition, in order",
        () -> this + " heard " + change.from() + " -> " + change.to() + " after " + heard);
    heard = change.to();
  }

  CircuitBreakerState heard() {
    return heard;
  }

  @Override
  public String toString() {
    return instance.name() + "/" + business.substring(business.length() - 1);
  }
}
