package dev.fusible;

/** What a result that counts must do to its circuit. */
record SettlingCheck(
    SimulatedWorld world,
    CircuitWatch watch,
    CircuitBreakerConfig config,
    Outcome.Kind outcome,
    long took) {

  void check(MachineState before, MachineState after) {
    switch (before.state()) {
      case CLOSED -> closed(before, after);
      case HALF_OPEN -> trial(before, after);
      case OPEN ->
          world.check(before == after, "OPEN runs nothing", () -> watch + " settled a call");
    }
  }

  private boolean isSlow() {
    return config.tripPolicy() instanceof Rate rate && rate.isSlow(took);
  }

  private void closed(MachineState before, MachineState after) {
    if (outcome == Outcome.Kind.IGNORED) {
      world.check(before == after, "ignored is neither", () -> watch + " counted an ignored call");
      return;
    }
    boolean failed = outcome != Outcome.Kind.SUCCESS;
    int expected = failed ? before.failureCount() + 1 : 0;
    boolean mayOpen = failed || isSlow();
    world.check(
        after.failureCount() == expected
            && (after.state() == CircuitBreakerState.CLOSED
                || (mayOpen && after.state() == CircuitBreakerState.OPEN)),
        "rule 1 of CLOSED",
        () ->
            watch
                + ": "
                + outcome
                + " made "
                + SimulationTrace.shown(before)
                + " to "
                + SimulationTrace.shown(after));
    if (after.state() == CircuitBreakerState.CLOSED) {
      watch.mayStayClosed(after);
    }
  }

  private void trial(MachineState before, MachineState after) {
    Trial trial = before.trial();
    long clock = watch.instance().nanoTimeAt(world.now());
    if (trial == null || trial.phase() != Trial.Phase.RUNNING || trial.hasExpired(clock)) {
      world.check(
          before == after,
          "I3",
          () -> watch + ": a trial without the lease made " + before + " to " + after);
      watch.simulation().sightings().saw(Sightings.Sight.FENCED_LATE_RESULT);
      return;
    }
    boolean right =
        switch (outcome) {
          case IGNORED -> after.state() == CircuitBreakerState.HALF_OPEN && after.trial() == null;
          case SUCCESS ->
              after.state() == (isSlow() ? CircuitBreakerState.OPEN : CircuitBreakerState.CLOSED);
          case FAILURE, TIMEOUT ->
              after.state() == CircuitBreakerState.OPEN && after.openedAtNanos() == clock;
        };
    world.check(
        right,
        "rule 3 of HALF_OPEN",
        () ->
            watch
                + ": "
                + outcome
                + " made "
                + SimulationTrace.shown(before)
                + " to "
                + SimulationTrace.shown(after));
  }
}
