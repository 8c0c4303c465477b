package dev.fusible;

import dev.fusible.Sightings.Sight;

/** What an upstream's circuit needs to open: failures of enough different businesses. */
record UpstreamCheck(Simulation simulation, CircuitWatch watch) {

  void check(MachineState before, MachineState now) {
    Witnesses witnesses = now.witnesses();
    boolean opened =
        before.state() == CircuitBreakerState.CLOSED
            && now.state() == CircuitBreakerState.OPEN
            && now.hold() == Hold.NONE
            && (now.isDirty() || now.persisted() == null || now.untold());
    if (witnesses == null || !opened || now.isCommanded()) {
      return;
    }
    int failed = witnesses.failed().size();
    int wanted = simulation.plan().minBusinesses();
    fine(failed >= Math.min(wanted, 2), "one business alone opens no upstream", now);
    fine(now.untold() || failed >= wanted, "enough businesses open an upstream", now);
    if (now.untold()) {
      simulation.sightings().saw(Sight.UPSTREAM_OPENED_HERE_ALONE);
    } else if (failed >= 2) {
      simulation.sightings().saw(Sight.UPSTREAM_OPENED_BY_SEVERAL);
    }
  }

  /** The same of a row: others take its word. */
  void written(CircuitBreakerStoreState from, CircuitBreakerStoreState to) {
    boolean opened =
        from.state() == CircuitBreakerState.CLOSED
            && to.state() == CircuitBreakerState.OPEN
            && to.hold() == Hold.NONE;
    simulation
        .world()
        .check(
            !opened || to.evidence().failed().size() >= simulation.plan().minBusinesses(),
            "enough businesses open an upstream",
            () -> watch + " wrote that it is OPEN on the word of " + to.evidence().failed());
  }

  private void fine(boolean right, String rule, MachineState now) {
    simulation
        .world()
        .check(
            right,
            rule,
            () ->
                watch
                    + " is "
                    + SimulationTrace.shown(now)
                    + " on the word of "
                    + (now.witnesses() == null ? "" : now.witnesses().failed()));
  }
}
