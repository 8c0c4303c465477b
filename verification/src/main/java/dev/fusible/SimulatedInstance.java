package dev.fusible;

import dev.fusible.SimulatedWorld.Kind;
import dev.fusible.SimulatedWorld.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A process with the real breakers in it, which can be paused, die and begin anew. What it knows is
 * gone with each incarnation; its clocks begin anywhere.
 */
final class SimulatedInstance {

  private static final Duration LONGEST_TIMER = Duration.ofDays(1);

  private static final Instant EPOCH = Instant.parse("2026-01-01T00:00:00Z");

  private final Simulation simulation;
  private final SimulatedWorld world;
  private final String name;
  private Map<String, CircuitWatch> watches = new LinkedHashMap<>();
  private final Map<String, VoiceCircuitBreaker> handles = new LinkedHashMap<>();
  private int incarnation;
  private boolean up;
  private long pausedUntil;
  private long resumedAt = Long.MIN_VALUE / 2;
  private long startedAt;
  private long degradedUntil;
  private long clockOrigin;
  private long wallOffset;
  private boolean heard;
  private boolean wasDegraded;
  private @Nullable StoreLine line;
  private @Nullable VoiceCircuitBreakers breakers;
  private OneAfterTheOther storeWorker = new OneAfterTheOther();
  private OneAfterTheOther events = new OneAfterTheOther();

  SimulatedInstance(Simulation simulation, int index) {
    this.simulation = simulation;
    this.world = simulation.world();
    this.name = String.valueOf((char) ('A' + index));
  }

  String name() {
    return name + incarnation;
  }

  boolean isUp() {
    return up;
  }

  int incarnation() {
    return incarnation;
  }

  long startedAt() {
    return startedAt;
  }

  long pausedUntil() {
    return pausedUntil;
  }

  /** When the last pause ended. */
  long resumedAt() {
    return resumedAt;
  }

  boolean isPaused() {
    return pausedUntil > world.now();
  }

  StoreLine line() {
    return Objects.requireNonNull(line);
  }

  VoiceCircuitBreakers breakers() {
    return Objects.requireNonNull(breakers);
  }

  /** The store failed it, or is back. */
  void degraded(boolean isDegraded) {
    degradedUntil = isDegraded ? Long.MAX_VALUE : world.now();
  }

  /** Whether there are listeners: calls take shorter ways where there are none. */
  boolean isHeard() {
    return heard;
  }

  /** What listeners would have said of the store, where there are none. */
  void noticeDegraded() {
    boolean isDegraded = isDegraded();
    if (!heard && isDegraded != wasDegraded) {
      wasDegraded = isDegraded;
      degraded(isDegraded);
    }
  }

  /** Until when it had to do without the store. */
  long degradedUntil() {
    return degradedUntil;
  }

  boolean isDegraded() {
    for (CircuitWatch watch : watches.values()) {
      Circuit circuit = watch.circuit();
      if (circuit != null) {
        return circuit.context().store() instanceof StoreSync sync && sync.health().isDegraded();
      }
    }
    return false;
  }

  CircuitWatch watch(String business) {
    return watches.computeIfAbsent(business, b -> new CircuitWatch(simulation, this, b));
  }

  Iterable<CircuitWatch> watches() {
    return watches.values();
  }

  VoiceCircuitBreaker handle(String business) {
    if (world.chance(0.2)) {
      handles.remove(business);
    }
    VoiceCircuitBreaker handle = handles.computeIfAbsent(business, this::newHandle);
    watch(business).sees(breakers().circuit(business));
    if (simulation.plan().sharesUpstream(business)) {
      watch(SimulationPlan.UPSTREAM_ID).sees(breakers().circuit(SimulationPlan.UPSTREAM_ID));
    }
    return handle;
  }

  private VoiceCircuitBreaker newHandle(String circuit) {
    if (circuit.equals(SimulationPlan.UPSTREAM_ID)) {
      return breakers().forUpstream(SimulationPlan.UPSTREAM);
    }
    return simulation.plan().sharesUpstream(circuit)
        ? breakers().forBusiness(circuit, SimulationPlan.UPSTREAM)
        : breakers().forBusiness(circuit);
  }

  /** The instance's monotonic clock at a time of the world. */
  long nanoTimeAt(long worldNanos) {
    return clockOrigin + worldNanos;
  }

  void stepWallClock(long nanos) {
    wallOffset += nanos;
  }

  void start() {
    incarnation++;
    up = true;
    pausedUntil = 0;
    degradedUntil = Long.MIN_VALUE / 2;
    wasDegraded = false;
    startedAt = world.now();
    clockOrigin =
        world.chance(0.1)
            ? Long.MAX_VALUE - world.between(0, 100) * SimulatedWorld.SECOND
            : world.random.nextLong();
    watches = new LinkedHashMap<>();
    handles.clear();
    line = new StoreLine(simulation, this, watches);
    storeWorker = new OneAfterTheOther();
    events = new OneAfterTheOther();
    world.trace.add(world.now(), "start", name());
    heard = !world.chance(simulation.plan().unheard());
    VoiceCircuitBreakers.Builder builder =
        VoiceCircuitBreakers.builder()
            .timeSource(new Clock())
            .store(line)
            .storeWorker(storeWorker)
            .executor(task -> world.after(hop(), Kind.TASK, this, null, task))
            .eventDelivery(events)
            .claimLimit(
                claim -> {
                  world.after(
                      CircuitContext.CLAIM_WAIT.toNanos(),
                      Kind.TIMER,
                      this,
                      null,
                      () -> {
                        if (claim.complete(null)) {
                          simulation.sightings().saw(Sightings.Sight.CLAIM_GIVEN_UP);
                        }
                      });
                  return claim;
                })
            .config(simulation.plan().config(SimulationPlan.UPSTREAM_ID))
            .configFor(simulation.plan()::config)
            .minBusinesses(simulation.plan().minBusinesses())
            .cacheTtl(simulation.plan().cacheTtl())
            .maxCircuits(simulation.plan().maxCircuits());
    if (heard) {
      builder.listener(new BrokenListener()).listener(new Hearing(simulation, this));
    }
    breakers = builder.build();
  }

  /** Everything of it stops, and goes on {@code nanos} later; its clock goes on meanwhile. */
  void pause(long nanos) {
    pausedUntil = world.now() + nanos;
    resumedAt = pausedUntil;
    world.trace.add(world.now(), "pause", name(), nanos);
  }

  /** It dies, with all that it had not written. */
  void crash() {
    world.trace.add(world.now(), "crash", name());
    up = false;
  }

  /** Whether no circuit waits for an answer of the store, so that closing need not wait for one. */
  boolean awaitsNothing() {
    for (CircuitWatch watch : watches.values()) {
      Circuit circuit = watch.circuit();
      boolean unread = circuit != null && circuit.machine().persisted() == null;
      if (unread || (circuit != null && circuit.hasLink() && !circuit.link().turns.isIdle())) {
        return false;
      }
    }
    return true;
  }

  /** It ends in order, as far as the store lets it. */
  void close() {
    world.trace.add(world.now(), "close", name());
    line().answerAtOnce();
    storeWorker.catchUp();
    breakers().close();
    events.catchUp();
    up = false;
  }

  private long hop() {
    return world.chance(0.5) ? 0 : world.between(0, 50_000);
  }

  /** The clocks of one incarnation. */
  private final class Clock implements TimeSource {

    @Override
    public long nanoTime() {
      return nanoTimeAt(world.now());
    }

    @Override
    public Instant now() {
      return EPOCH.plusNanos(world.now() + wallOffset);
    }

    @Override
    public Cancellable schedule(Runnable task, Duration delay) {
      world.check(
          delay.compareTo(LONGEST_TIMER) < 0,
          "timers are for soon",
          () -> name() + " waits " + delay);
      Step step =
          world.after(Math.max(0, delay.toNanos()), Kind.TIMER, SimulatedInstance.this, null, task);
      return step::cancel;
    }
  }

  /** An executor with one thread. */
  private final class OneAfterTheOther implements Executor {

    private final Deque<Runnable> tasks = new ArrayDeque<>();
    private long last;
    private boolean atOnce;

    @Override
    public void execute(Runnable task) {
      if (atOnce) {
        task.run();
        return;
      }
      tasks.add(task);
      last = Math.max(last, world.now() + hop());
      world.after(last - world.now(), Kind.TASK, SimulatedInstance.this, null, this::runNext);
    }

    private void runNext() {
      Runnable task = tasks.poll();
      if (task != null) {
        task.run();
      }
    }

    void catchUp() {
      atOnce = true;
      for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
        task.run();
      }
    }
  }

  /** A listener that always throws: others hear all the same. */
  private static final class BrokenListener implements CircuitBreakerListener {

    @Override
    public void onStateChange(StateChange change) {
      throw new IllegalStateException("listener");
    }

    @Override
    public void onSuccess(CallEvent event) {
      throw new IllegalStateException("listener");
    }

    @Override
    public void onFailure(CallEvent event) {
      throw new AssertionError("listener");
    }
  }
}
