package dev.fusible;

import dev.fusible.SimulatedCall.Behaviour;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The end of a run: all that was wrong is mended. First nobody calls, and the instances must come
 * to agree with the store; then calls come, and every circuit must close; then it costs nothing.
 */
final class Recovery {

  /** Longer than any operation, store request, probe pause and count delay after one another. */
  private static final long QUIET = 40 * SimulatedWorld.SECOND;

  private final Simulation simulation;
  private final SimulatedWorld world;
  private final SimulationPlan plan;
  private final Driver driver;

  Recovery(Simulation simulation, Driver driver) {
    this.simulation = simulation;
    this.world = simulation.world();
    this.plan = simulation.plan();
    this.driver = driver;
  }

  void recover() {
    heal();
    simulation.runUntil(world.now() + QUIET);
    agree();
    releaseHolds();
    close();
    simulation.runUntil(world.now() + QUIET);
    agree();
    ended();
    costNothing();
  }

  private void heal() {
    world.trace.add(world.now(), "all is healed");
    driver.stop();
    simulation.runUntil(world.now());
    simulation.weather().clear();
    simulation.healStoreClock();
    plan.businesses().forEach(business -> simulation.upstream(business).heal());
    plan.circuits().forEach(driver::mend);
    for (SimulatedInstance instance : simulation.instances()) {
      if (!instance.isUp()) {
        instance.start();
      }
    }
    driver.calls().forEach(SimulatedCall::breakSilence);
  }

  /** Every instance knows what the store holds, and has nothing left to write. */
  private void agree() {
    for (SimulatedInstance instance : simulation.instances()) {
      for (CircuitWatch watch : instance.watches()) {
        MachineState s = watch.state();
        if (s == null) {
          continue;
        }
        SimulatedStore.Row row = simulation.store().row(watch.business());
        long version = row == null ? 0 : row.content().version();
        boolean agrees =
            s.persisted() != null && !s.isDirty() && s.persisted().version() == version;
        world.check(
            agrees || simulation.history().wasRestored(),
            "I5",
            () ->
                watch
                    + " did not come to agree with version "
                    + version
                    + ": "
                    + SimulationTrace.shown(s));
        world.check(
            watch.heard() == s.state() || !instance.isHeard(),
            "one event for a transition, in order",
            () -> watch + " is " + s.state() + ", its listeners heard of " + watch.heard());
      }
    }
    world.rethrow();
  }

  private void releaseHolds() {
    for (String business : plan.circuits()) {
      SimulatedStore.Row row = simulation.store().row(business);
      SimulatedInstance holder =
          row != null && row.content().hold() != Hold.NONE
              ? simulation.instances().get(0)
              : holderOf(business);
      if (holder != null) {
        driver.order(holder, business, 3);
      }
    }
    simulation.runUntil(world.now() + simulation.longestRefresh());
  }

  private @Nullable SimulatedInstance holderOf(String business) {
    for (SimulatedInstance instance : simulation.instances()) {
      MachineState s = instance.watch(business).state();
      if (s != null && s.hold() != Hold.NONE) {
        return instance;
      }
    }
    return null;
  }

  /** I8. */
  private void close() {
    long longest = 0;
    for (String business : plan.businesses()) {
      CircuitBreakerConfig config = plan.config(business);
      long lease = StateMachine.lease(config).toNanos();
      longest = Math.max(longest, Waits.most(config) + lease);
    }
    if (plan.hasUpstream()) {
      // A business's trial may have to wait for its upstream's.
      CircuitBreakerConfig config = plan.config(SimulationPlan.UPSTREAM_ID);
      longest += Waits.most(config) + StateMachine.lease(config).toNanos();
    }
    long limit = world.now() + longest + 3 * plan.cacheTtl().toNanos() + 10 * SimulatedWorld.SECOND;
    long least = world.now() + 5 * SimulatedWorld.SECOND;
    while (world.now() < least || !allClosed()) {
      world.check(
          world.now() < limit, "I8", () -> "not all circuits closed: " + shown(notClosed()));
      world.rethrow();
      callSomebody();
      simulation.runUntil(world.now() + world.between(1, 200) * SimulatedWorld.MILLISECOND);
    }
  }

  private void callSomebody() {
    SimulatedInstance instance =
        simulation.instances().get(world.upTo(simulation.instances().size()));
    String business = plan.businesses().get(world.upTo(plan.businesses().size()));
    driver.call(
        instance, business, Behaviour.VALUE, world.chance(0.5) ? 0 : world.between(1, 250_000_000));
  }

  private String shown(@Nullable CircuitWatch watch) {
    return watch == null
        ? ""
        : watch
            + " is "
            + SimulationTrace.shown(watch.state())
            + ", its row "
            + SimulationTrace.shown(simulation.store().row(watch.business()));
  }

  private boolean allClosed() {
    return notClosed() == null;
  }

  private @Nullable CircuitWatch notClosed() {
    for (SimulatedInstance instance : simulation.instances()) {
      for (CircuitWatch watch : instance.watches()) {
        MachineState s = watch.state();
        if (s != null && s.state() != CircuitBreakerState.CLOSED) {
          return watch;
        }
      }
    }
    return null;
  }

  /** I11. */
  private void ended() {
    for (SimulatedInstance instance : simulation.instances()) {
      for (CircuitWatch watch : instance.watches()) {
        Circuit circuit = watch.circuit();
        if (circuit != null) {
          long inFlight = circuit.inFlight();
          boolean exact = !plan.has(SimulationPlan.Trouble.METRICS_RESET);
          world.check(
              exact ? inFlight == 0 : inFlight <= 0,
              "I11",
              () -> watch + " has " + inFlight + " attempts");
        }
      }
    }
    world.rethrow();
  }

  /** I7: a healthy call costs nothing. */
  private void costNothing() {
    if (plan.has(SimulationPlan.Trouble.EVICTION)) {
      return;
    }
    for (String business : plan.businesses()) {
      simulation.instances().forEach(i -> driver.call(i, business, Behaviour.VALUE, 0));
    }
    simulation.runUntil(world.now() + QUIET);
    leavesNoTimer();
    long requests = requests();
    long began = world.now();
    while (world.now() < began + 3 * SimulatedWorld.SECOND) {
      callSomebody();
      simulation.runUntil(world.now() + world.between(1, 100) * SimulatedWorld.MILLISECOND);
    }
    long polls =
        simulation.instances().size() * ((world.now() - began) / plan.cacheTtl().toNanos() + 1);
    world.check(
        requests() - requests <= polls,
        "I7",
        () -> "calls that succeed cost " + (requests() - requests) + " requests");
    world.rethrow();
  }

  private void leavesNoTimer() {
    for (SimulatedInstance instance : simulation.instances()) {
      List<Long> before = world.timersOf(instance);
      driver.call(instance, plan.businesses().get(0), Behaviour.VALUE, 0);
      simulation.runUntil(world.now());
      List<Long> after = world.timersOf(instance);
      world.check(
          before.equals(after),
          "no timer is left behind",
          () -> instance.name() + " had timers for " + before + ", then for " + after);
    }
    world.rethrow();
  }

  private long requests() {
    return simulation.instances().stream().mapToLong(i -> i.line().requests()).sum();
  }
}
