package dev.fusible;

import dev.fusible.Sightings.Sight;
import dev.fusible.SimulatedCall.Behaviour;
import dev.fusible.SimulatedStore.Backup;
import dev.fusible.SimulatedWorld.Kind;
import dev.fusible.SimulationPlan.Trouble;
import dev.fusible.StoreWeather.Mode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes the calls of a run, and its troubles. */
final class Driver {

  private static final int CLOSE_ATTEMPTS = 200;

  private final Simulation simulation;
  private final SimulatedWorld world;
  private final SimulationPlan plan;
  private final int actions;
  private final List<SimulatedCall> calls = new ArrayList<>();
  private @Nullable Backup backup;
  private int done;
  private boolean stopped;

  Driver(Simulation simulation, int actions) {
    this.simulation = simulation;
    this.world = simulation.world();
    this.plan = simulation.plan();
    this.actions = actions;
  }

  void drive() {
    simulation.instances().forEach(SimulatedInstance::start);
    world.after(0, Kind.WORLD, null, null, this::act);
    while (done < actions) {
      simulation.runStep();
    }
  }

  List<SimulatedCall> calls() {
    return calls;
  }

  /** No more actions: what follows is asked for one by one. */
  void stop() {
    stopped = true;
  }

  private void act() {
    if (stopped) {
      return;
    }
    done++;
    if (!plan.troubles().isEmpty() && world.chance(plan.troubleRate())) {
      trouble(plan.troubles().get(world.upTo(plan.troubles().size())));
    } else if (world.chance(0.03)) {
      changeMood();
    } else if (world.chance(0.05)) {
      hangUp();
    } else {
      SimulatedInstance instance = simulation.anyInstance();
      if (instance != null) {
        String business = anyBusiness();
        SimulatedUpstream upstream = simulation.upstream(business);
        call(instance, business, upstream.behaviour(), upstream.takes());
      }
    }
    world.after(gap(), Kind.WORLD, null, null, this::act);
  }

  private long gap() {
    if (world.chance(0.01)) {
      return world.between(0, 2 * Waits.most(plan.config(anyBusiness())));
    }
    long most = world.chance(0.9) ? plan.busyGapMillis() : 3_000;
    return world.between(0, most * SimulatedWorld.MILLISECOND);
  }

  /** An upstream that businesses share may fail for all of them at once. */
  private void changeMood() {
    SimulatedUpstream changing = simulation.upstream(anyBusiness());
    changing.changeMood();
    if (plan.hasUpstream() && world.chance(0.5)) {
      plan.businesses().stream()
          .filter(plan::sharesUpstream)
          .forEach(business -> simulation.upstream(business).resemble(changing));
    }
  }

  private String anyCircuit() {
    return plan.circuits().get(world.upTo(plan.circuits().size()));
  }

  private String anyBusiness() {
    return plan.businesses().get(world.upTo(plan.businesses().size()));
  }

  void call(SimulatedInstance instance, String business, Behaviour behaviour, long takes) {
    world.after(
        0, Kind.CALL, instance, business, () -> callNow(instance, business, behaviour, takes));
  }

  private void callNow(
      SimulatedInstance instance, String business, Behaviour behaviour, long takes) {
    SimulatedCall call = new SimulatedCall(simulation, instance, business, behaviour, takes);
    VoiceCircuitBreaker breaker = instance.handle(business);
    boolean onThisThread =
        plan.config(business).timeout().isZero()
            && takes == 0
            && behaviour != Behaviour.SILENCE
            && behaviour != Behaviour.NO_STAGE
            && isClosed(instance, business)
            && (!plan.sharesUpstream(business) || isClosed(instance, SimulationPlan.UPSTREAM_ID))
            && world.chance(0.5);
    if (onThisThread) {
      call.makeSynchronously(breaker);
    } else {
      calls.add(call);
      call.make(breaker);
    }
  }

  private static boolean isClosed(SimulatedInstance instance, String circuit) {
    return instance.breakers().circuit(circuit).machine().state() == CircuitBreakerState.CLOSED;
  }

  private void hangUp() {
    List<SimulatedCall> pending = calls.stream().filter(SimulatedCall::isPending).toList();
    if (!pending.isEmpty()) {
      SimulatedCall call = pending.get(world.upTo(pending.size()));
      world.after(
          0, Kind.OPERATION, call.watch().instance(), call.watch().business(), call::hangUp);
    }
  }

  void order(SimulatedInstance instance, String business, int which) {
    world.after(
        0,
        Kind.ORDER,
        instance,
        business,
        () -> {
          CircuitWatch watch = instance.watch(business);
          VoiceCircuitBreaker breaker = instance.handle(business);
          watch.sees(instance.breakers().circuit(business));
          watch.ordered();
          world.trace.add(world.now(), "order", watch, which);
          switch (which) {
            case 0 -> breaker.forceOpen("maintenance");
            case 1 -> breaker.forceClosed("known noise");
            default -> breaker.reset();
          }
          simulation.sightings().saw(Sight.FORCED_STATE);
        });
  }

  private void resetMetrics(SimulatedInstance instance, String business) {
    world.after(0, Kind.WORLD, instance, business, () -> instance.handle(business).resetMetrics());
  }

  private void trouble(Trouble trouble) {
    world.trace.add(world.now(), "trouble", trouble);
    SimulatedInstance instance = simulation.anyInstance();
    switch (trouble) {
      case OUTAGE -> simulation.weather().set(anyMode(), lasting());
      case ROW_LOCK -> simulation.weather().lockRow(anyCircuit(), lasting());
      case UNREADABLE_ROW -> unreadable();
      case RESTORE -> restore();
      case STORE_CLOCK_STEP -> simulation.stepStoreClock(step());
      default -> {
        if (instance != null) {
          troubleOf(instance, trouble);
        }
      }
    }
  }

  private void troubleOf(SimulatedInstance instance, Trouble trouble) {
    switch (trouble) {
      case PARTITION -> simulation.weather().set(instance, anyMode(), lasting());
      case PAUSE -> instance.pause(lasting());
      case CRASH -> {
        instance.crash();
        world.after(lasting() / 2, Kind.WORLD, null, null, instance::start);
      }
      case CLOSE -> close(instance, CLOSE_ATTEMPTS, 0);
      case OPERATOR -> order(instance, anyCircuit(), world.upTo(4));
      case METRICS_RESET -> resetMetrics(instance, anyCircuit());
      case WALL_CLOCK_STEP -> instance.stepWallClock(step());
      default -> {}
    }
  }

  private Mode anyMode() {
    return world.oneOf(
        Mode.REFUSING, Mode.FROZEN, Mode.READ_ONLY, Mode.SLOW, Mode.LOSSY, Mode.LOSSY);
  }

  private long lasting() {
    return world.between(1, world.oneOf(300L, 3_000L, 25_000L)) * SimulatedWorld.MILLISECOND;
  }

  private long step() {
    long hour = 3_600 * SimulatedWorld.SECOND;
    return world.between(-hour, hour) / world.oneOf(1, 600);
  }

  /** Ends an instance in order, once it waits for no answer: closing would really wait for one. */
  private void close(SimulatedInstance instance, int attempts, long delay) {
    world.after(
        delay,
        Kind.CLOSE,
        instance,
        null,
        () -> {
          if (instance.awaitsNothing()) {
            instance.close();
            world.after(lasting() / 2, Kind.WORLD, null, null, instance::start);
          } else if (attempts > 0) {
            close(instance, attempts - 1, 5 * SimulatedWorld.MILLISECOND);
          }
        });
  }

  private void unreadable() {
    String business = anyCircuit();
    simulation.store().meddle(business, false);
    simulation.sightings().saw(Sight.UNREADABLE_ROW);
    world.after(lasting(), Kind.WORLD, null, null, () -> mend(business));
  }

  void mend(String business) {
    simulation.store().meddle(business, true);
    simulation.history().unreadable(business);
  }

  private void restore() {
    if (backup != null && world.chance(0.5)) {
      simulation.store().restore(backup);
      simulation.history().restored();
      simulation.sightings().saw(Sight.RESTORED_BACKUP);
    } else {
      backup = simulation.store().backup();
    }
  }
}
