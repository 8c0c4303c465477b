package dev.fusible;

import dev.fusible.SimulatedWorld.Step;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One run: a fleet of instances of the real breakers on one thread and in virtual time, a store and
 * upstreams that fail, and checks after each step. Then all is healed, and the fleet has to
 * recover.
 */
final class Simulation {

  /** What a run that broke nothing came to. */
  record Result(long hash, Sightings sightings) {}

  private final SimulatedWorld world;
  private final SimulationPlan plan;
  private final Sightings sightings = new Sightings();
  private final StoreWeather weather;
  private final StoreHistory history;
  private final SimulatedStore store;
  private final List<SimulatedInstance> instances = new ArrayList<>();
  private final Map<String, SimulatedUpstream> upstreams = new LinkedHashMap<>();
  private long storeClockOffset;
  private long highestOffset;

  private Simulation(long seed) {
    world = new SimulatedWorld(seed);
    plan = new SimulationPlan(world);
    weather = new StoreWeather(world);
    history = new StoreHistory(this);
    store = new SimulatedStore(() -> world.now() + storeClockOffset, history::committed);
    plan.businesses().forEach(b -> upstreams.put(b, new SimulatedUpstream(world, plan.config(b))));
    for (int i = 0; i < plan.instances(); i++) {
      instances.add(new SimulatedInstance(this, i));
    }
  }

  /**
   * Runs a seed.
   *
   * @throws InvariantViolation if an invariant is broken; its message ends with the last steps
   */
  static Result run(long seed, int steps) {
    Simulation simulation = new Simulation(seed);
    try {
      Driver driver = new Driver(simulation, steps);
      driver.drive();
      new Recovery(simulation, driver).recover();
      return new Result(simulation.world.trace.hash(), simulation.sightings);
    } catch (InvariantViolation violation) {
      violation.happenedIn(seed, steps, simulation.plan, simulation.world.trace);
      throw violation;
    }
  }

  SimulatedWorld world() {
    return world;
  }

  SimulationPlan plan() {
    return plan;
  }

  Sightings sightings() {
    return sightings;
  }

  StoreWeather weather() {
    return weather;
  }

  StoreHistory history() {
    return history;
  }

  SimulatedStore store() {
    return store;
  }

  List<SimulatedInstance> instances() {
    return instances;
  }

  SimulatedUpstream upstream(String business) {
    return Objects.requireNonNull(upstreams.get(business));
  }

  /** A row was written, or is about to be: the store tells the instances that listen. */
  void tellOfChange() {
    if (plan.notices()) {
      instances.stream().filter(SimulatedInstance::isUp).forEach(i -> i.line().tell());
    }
  }

  void stepStoreClock(long nanos) {
    storeClockOffset += nanos;
    highestOffset = Math.max(highestOffset, storeClockOffset);
    history.clockStepped();
  }

  /** A clock that was set back may delay a trial until it has caught up: so it does. */
  void healStoreClock() {
    storeClockOffset = highestOffset;
  }

  /** The oldest that a healthy instance's knowledge of a row may be. */
  long longestRefresh() {
    return plan.cacheTtl().toNanos() + 4 * plan.mostLatency() + 10 * SimulatedWorld.MILLISECOND;
  }

  /** The longest that a healthy instance may take to write what it counted. */
  long longestWrite() {
    return SimulatedWorld.SECOND + 4 * plan.mostLatency() + 10 * SimulatedWorld.MILLISECOND;
  }

  /** Runs one step, and looks at what it did. */
  void runStep() {
    Step step = world.runNext();
    if (step != null && step.instance != null) {
      for (CircuitWatch watch : step.instance.watches()) {
        watch.after(step);
      }
      step.instance.noticeDegraded();
      world.rethrow();
    }
  }

  void runUntil(long at) {
    while (world.nextAt() <= at) {
      runStep();
    }
    world.passTo(at);
  }

  @Nullable SimulatedInstance anyInstance() {
    List<SimulatedInstance> able =
        instances.stream().filter(i -> i.isUp() && !i.isPaused()).toList();
    return able.isEmpty() ? null : able.get(world.upTo(able.size()));
  }
}
