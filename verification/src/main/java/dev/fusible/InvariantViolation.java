package dev.fusible;

/** A run broke an invariant. Its message says which, and how. */
final class InvariantViolation extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final String invariant;
  private String run = "";

  private final String what;

  InvariantViolation(String invariant, String message) {
    super(invariant + ": " + message);
    this.what = invariant + ": " + message;
    this.invariant = invariant;
  }

  String invariant() {
    return invariant;
  }

  /** Adds what is needed to repeat the run, and its last steps. */
  void happenedIn(long seed, int steps, SimulationPlan plan, SimulationTrace trace) {
    run =
        trace.lastEntries()
            + plan
            + "\nseed="
            + seed
            + ", again: ./fusible simulate --seed "
            + seed
            + " --steps "
            + steps;
  }

  @Override
  public String getMessage() {
    return run.isEmpty() ? what : run + "\n" + what;
  }
}
