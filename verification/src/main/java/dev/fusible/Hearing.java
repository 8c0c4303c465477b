package dev.fusible;

/** Hears what an instance tells its listeners, and holds it against what is known. */
final class Hearing implements CircuitBreakerListener {

  private final Simulation simulation;
  private final SimulatedInstance instance;

  Hearing(Simulation simulation, SimulatedInstance instance) {
    this.simulation = simulation;
    this.instance = instance;
  }

  @Override
  public void onStateChange(StateChange change) {
    CircuitWatch watch = watch(change.businessId());
    notUnderLock(watch);
    watch.hears(change);
  }

  @Override
  public void onSuccess(CallEvent event) {
    notUnderLock(watch(event.businessId()));
  }

  @Override
  public void onFailure(CallEvent event) {
    notUnderLock(watch(event.businessId()));
  }

  @Override
  public void onFallback(FallbackEvent event) {
    notUnderLock(watch(event.businessId()));
  }

  @Override
  public void onStoreDegraded(StoreEvent event) {
    SimulatedWorld world = simulation.world();
    instance.degraded(event.degraded());
    world.trace.add(
        world.now(),
        event.degraded() ? "degraded" : "recovered",
        instance.name(),
        event.errorCode());
  }

  private CircuitWatch watch(String shown) {
    boolean isUpstream = shown.equals(CircuitId.shown(SimulationPlan.UPSTREAM_ID));
    return instance.watch(isUpstream ? SimulationPlan.UPSTREAM_ID : shown);
  }

  private void notUnderLock(CircuitWatch watch) {
    Circuit circuit = watch.circuit();
    simulation
        .world()
        .check(
            circuit == null || !Thread.holdsLock(circuit),
            "listeners run outside locks",
            () -> "a listener of " + watch + " runs under its circuit's lock");
  }
}
