package dev.fusible;

import dev.fusible.Sightings.Sight;

/**
 * A call of a business begins that its upstream's circuit let through as well: as an ordinary call,
 * or as the trial.
 *
 * @param returned whether the call had to ask the store first
 */
record UpstreamPassing(Simulation simulation, CircuitWatch watch, boolean returned) {

  /**
   * @param trial whether it is the trial of its business's circuit
   */
  void check(boolean trial) {
    CircuitWatch shared = watch.instance().watch(SimulationPlan.UPSTREAM_ID);
    Circuit circuit = watch.instance().breakers().circuit(SimulationPlan.UPSTREAM_ID);
    shared.sees(circuit);
    MachineState s = circuit.machine();
    boolean runs = s.trial() != null && s.trial().phase() == Trial.Phase.RUNNING;
    boolean closed = s.state() == CircuitBreakerState.CLOSED;
    // Between a permit that was waited for and the start anything may have come in.
    simulation
        .world()
        .check(
            returned || closed || runs,
            "I4",
            () -> "a call of " + watch + " starts while its upstream is " + s.state());
    if (closed && !returned) {
      shared.ordinaryCallBegins();
    } else if (runs) {
      shared.trialBegins();
      simulation.sightings().saw(Sight.UPSTREAM_TRIAL);
      if (trial) {
        simulation.sightings().saw(Sight.TWO_TRIALS_IN_ONE_CALL);
      }
    }
  }
}
