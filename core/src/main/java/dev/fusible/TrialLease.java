package dev.fusible;

import dev.fusible.Trial.Phase;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What becomes of a circuit's trial once it was asked for: granted, refused, or given back. */
final class TrialLease {

  private TrialLease() {}

  /**
   * The trial is ours, by the store's word ({@code row}) or, while the store does not answer, by
   * our own.
   *
   * @param sentNanos when the lease was asked for: it counts from then, to be sure to end before
   *     the store's
   */
  static void granted(
      Circuit circuit,
      String token,
      long sentNanos,
      @Nullable CircuitBreakerStoreState row,
      CompletableFuture<@Nullable Attempt> caller) {
    long until = sentNanos + StateMachine.lease(circuit.config()).toNanos();
    // RUNNING before its caller knows, or the next call would take it from under the caller's nose.
    Phase phase = caller.isDone() ? Phase.READY : Phase.RUNNING;
    Trial trial = new Trial(token, phase, until);
    MachineState granted = circuit.transition(s -> StoreMerge.granted(s, trial, row), "recovery");
    if (granted.trial() != trial || phase == Phase.READY) {
      caller.complete(null);
      return;
    }
    long now = circuit.context().time().nanoTime();
    Attempt attempt = new Attempt(circuit, granted.generation(), token, now);
    if (!caller.complete(attempt)) {
      // The caller gave up meanwhile.
      attempt.giveBack();
    }
  }

  /** The claim was refused: whoever holds the trial is known from the row that was answered. */
  static void refused(Circuit circuit, String token) {
    circuit.update(s -> isIn(Phase.CLAIMING, s.trial(), token) ? s.withTrial(null) : s);
  }

  /** The trial was ours and did not run: the lease goes to the next call. */
  static void kept(Circuit circuit, String token) {
    circuit.update(
        s -> {
          Trial trial = s.trial();
          return trial != null && isIn(Phase.RUNNING, trial, token)
              ? s.withTrial(trial.in(Phase.READY))
              : s;
        });
  }

  private static boolean isIn(Phase phase, @Nullable Trial trial, String token) {
    return trial != null && trial.phase() == phase && trial.token().equals(token);
  }

  /** Gives a lease that this instance holds back: its attempt, if one runs, no longer counts. */
  static void release(Circuit circuit) {
    MachineState next =
        circuit.update(s -> s.trial() != null && s.trial().isOurs() ? StateMachine.freed(s) : s);
    circuit.context().store().changed(circuit, next);
  }
}
