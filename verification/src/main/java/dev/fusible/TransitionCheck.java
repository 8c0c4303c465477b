package dev.fusible;

import dev.fusible.Sightings.Sight;
import dev.fusible.SimulatedWorld.Kind;
import dev.fusible.SimulatedWorld.Step;
import org.jspecify.annotations.Nullable;

/** What a circuit may become in a step of a certain kind. */
record TransitionCheck(
    Simulation simulation, CircuitWatch watch, CircuitBreakerConfig config, Step step) {

  void check(MachineState before, MachineState now) {
    if (step.kind != Kind.ORDER) {
      move(before, now);
    }
    if (now.state() == CircuitBreakerState.OPEN) {
      opened(before, now);
    }
    trial(before, now);
    if (before.persisted() == null && now.state() == CircuitBreakerState.OPEN) {
      simulation.sightings().saw(Sight.RESTART_INTO_OPEN);
    }
    if (now.persisted() != null && !now.persisted().equals(before.persisted())) {
      cleanEqualsRow(now);
      merged(before, now);
    }
  }

  private void move(MachineState before, MachineState now) {
    boolean byStore = step.kind == Kind.TASK || step.kind == Kind.TIMER;
    boolean byCall = step.kind == Kind.CALL || step.kind == Kind.OPERATION;
    boolean right =
        switch (before.state()) {
          case CLOSED -> now.state() != CircuitBreakerState.HALF_OPEN && (byCall || byStore);
          case OPEN -> now.state() == CircuitBreakerState.HALF_OPEN && byStore;
          case HALF_OPEN ->
              wasTrial(before) || (now.state() == CircuitBreakerState.HALF_OPEN && byStore);
        };
    boolean same = before.state() == now.state() && before.generation() == now.generation();
    boolean took = !same && tookTrial(before);
    right |= same || took || arrived(before, now) || tookUntoldTrial(before);
    fine(right, "section 4", before, now);
  }

  /** A row may have come in. */
  private boolean arrived(MachineState before, MachineState now) {
    return step.kind == Kind.ANSWER
        || step.kind == Kind.CLOSE
        || now.persisted() != before.persisted();
  }

  /** A trial was running and held its lease when it ended. */
  private boolean wasTrial(MachineState before) {
    Trial trial = before.trial();
    return trial != null && trial.isOurs() && !trial.hasExpired(clock());
  }

  /**
   * A call took the trial by itself, since the store does not answer, and may have ended already.
   * One that has its upstream's trial first takes its own when that is granted.
   */
  private boolean tookTrial(MachineState before) {
    Trial trial = before.trial();
    boolean free = trial == null || trial.hasExpired(clock());
    boolean alone = watch.instance().isDegraded() || watch.isAlone();
    boolean called = step.kind == Kind.CALL || simulation.plan().sharesUpstream(watch.business());
    if (!called || !free || !alone || before.hold() != Hold.NONE) {
      return false;
    }
    boolean waited = before.state() != CircuitBreakerState.OPEN || waitedLongEnough(before);
    if (waited) {
      watch.mayTryFrom(before);
    }
    return waited;
  }

  /** What is open for one instance alone needs nobody's word for its trial. */
  private boolean tookUntoldTrial(MachineState before) {
    Trial trial = before.trial();
    boolean free = trial == null || trial.hasExpired(clock());
    return step.kind == Kind.CALL
        && before.untold()
        && free
        && (before.state() != CircuitBreakerState.OPEN || waitedLongEnough(before));
  }

  private boolean waitedLongEnough(MachineState before) {
    long waited = clock() - before.openedAtNanos();
    return waited >= Waits.least(config, before.failedTrials());
  }

  private long clock() {
    return watch.instance().nanoTimeAt(simulation.world().now());
  }

  /** When it opened: now, by its own doing; when its row says, by another's. */
  private void opened(MachineState before, MachineState now) {
    boolean same =
        before.state() == CircuitBreakerState.OPEN && before.generation() == now.generation();
    if (same) {
      boolean kept = before.openedAtNanos() == now.openedAtNanos();
      boolean later =
          arrived(before, now)
              && now.openedAtNanos() - before.openedAtNanos() > 0
              && now.openedAtNanos() - clock() <= 0;
      fine(kept || later, "an OPEN circuit's wait is not moved", before, now);
    } else if (!arrived(before, now)) {
      fine(now.openedAtNanos() == clock(), "a circuit that opens waits in full", before, now);
    }
    fine(now.openedAtNanos() - clock() <= 0, "a circuit opened in the past", before, now);
    if (!same && arrived(before, now) && !now.isDirty()) {
      remaining(before, now);
    }
  }

  /** I9, I4: what is left of the wait is what the store says, and not less. */
  private void remaining(MachineState before, MachineState now) {
    SimulatedStore.Row row = simulation.store().row(watch.business());
    boolean known =
        row != null
            && now.persisted() != null
            && row.content().version() == now.persisted().version()
            && !simulation.history().clockWasStepped()
            && !simulation.history().wasRestored();
    if (row == null || !known) {
      return;
    }
    long age = simulation.store().clock() - row.openedAt();
    long waited = clock() - now.openedAtNanos();
    boolean fresh =
        watch.instance().line().troubledUntil() < simulation.world().now() - 5_000_000_000L
            && watch.instance().resumedAt() < simulation.world().now() - 5_000_000_000L;
    fine(waited <= age, "I4", before, now);
    fine(!fresh || age - waited <= simulation.plan().mostLatency(), "I9", before, now);
  }

  private void trial(MachineState before, MachineState now) {
    Trial trial = now.trial();
    if (trial == null || trial.equals(before.trial())) {
      return;
    }
    if (trial.phase() == Trial.Phase.CLAIMING) {
      claiming(before, now);
      return;
    }
    if (trial.isOurs()) {
      // It may end the trial when its lease has run out too; and since it was asked for, if it was,
      // the row may have been read.
      watch.mayTryFrom(now);
      if (isClaimOf(before.trial(), trial)) {
        watch.mayTryFrom(before);
      }
    }
    if (trial.isOurs() && now.persisted() != null) {
      leased(trial, now);
    }
  }

  private static boolean isClaimOf(@Nullable Trial before, Trial trial) {
    return before != null
        && before.phase() == Trial.Phase.CLAIMING
        && before.token().equals(trial.token());
  }

  /** I4, by the instance's own clock: also when it has to do without the store. */
  private void claiming(MachineState before, MachineState now) {
    watch.mayTryFrom(before);
    if (before.state() == CircuitBreakerState.OPEN) {
      fine(waitedLongEnough(before), "I4", before, now);
      if (Waits.least(config, before.failedTrials()) > config.recoveryTimeout().toNanos()) {
        simulation.sightings().saw(Sight.LONGER_WAIT_AFTER_FAILED_TRIAL);
      }
    } else {
      fine(before.state() == CircuitBreakerState.HALF_OPEN, "I4", before, now);
    }
  }

  /** I1: the holder counts its lease to end no later than the store does. */
  private void leased(Trial trial, MachineState now) {
    SimulatedStore.Row row = simulation.store().row(watch.business());
    if (row == null
        || !trial.token().equals(row.content().trialToken())
        || !watch.owns(row.content().writeId())
        || !isGrantedBy(now, trial)
        || simulation.history().clockWasStepped()) {
      return;
    }
    long endsHere = trial.leaseUntilNanos() - clock();
    long endsThere = row.trialUntil() - simulation.store().clock();
    fine(endsHere <= endsThere, "I1", now, now);
  }

  private boolean isGrantedBy(MachineState now, Trial trial) {
    CircuitBreakerStoreState known = row(now);
    return known != null && trial.token().equals(known.trialToken());
  }

  /** A circuit with nothing to write is what its row is. */
  private void cleanEqualsRow(MachineState now) {
    Persisted persisted = now.persisted();
    CircuitBreakerStoreState row =
        persisted == null ? null : watch.rowThatArrived(persisted.version());
    if (row == null || now.isDirty() || simulation.history().wasRestored()) {
      return;
    }
    CircuitBreakerState told = now.untold() ? CircuitBreakerState.CLOSED : now.state();
    boolean equal =
        told == row.state()
            && now.failureCount() == row.failureCount()
            && now.rowGeneration() == row.generation()
            && now.hold() == row.hold()
            && (now.failedTrials() == row.failedTrials() || now.untold());
    simulation
        .world()
        .check(
            equal,
            "I9",
            () ->
                watch
                    + " knows "
                    + SimulationTrace.shown(now)
                    + " as written, but its row is "
                    + row);
  }

  /** Failures counted by two instances add up. */
  private void merged(MachineState before, MachineState now) {
    Persisted old = before.persisted();
    CircuitBreakerStoreState row = row(now);
    boolean counting =
        old != null
            && row != null
            && !watch.owns(row.writeId())
            && before.state() == CircuitBreakerState.CLOSED
            && row.state() == CircuitBreakerState.CLOSED
            && before.rowGeneration() == old.generation()
            && row.generation() == old.generation()
            && !before.isCommanded()
            && !simulation.history().wasRestored()
            && !watch.wroteBetween(old.version(), row.version());
    if (!counting || old == null || row == null) {
      return;
    }
    boolean resetSince = before.resets() != old.resets();
    boolean another = row.version() != old.version();
    boolean longAgo = watch.resetAt() + simulation.longestWrite() < simulation.world().now();
    fine(
        !another || !resetSince || before.isDirty() || !longAgo || !watch.isWellSinceReset(),
        "a success forgets what came before it",
        before,
        now);
    int expected =
        resetSince
            ? before.failureCount()
            : row.failureCount() + before.failureCount() - old.failureCount();
    // Of two rows in one step the first may have opened it: then the second has nothing to add.
    boolean opened =
        now.state() == CircuitBreakerState.OPEN && now.failureCount() >= config.failureThreshold();
    fine(now.failureCount() == expected || opened, "counts of two instances add up", before, now);
    if (before.failureCount() > old.failureCount() && row.failureCount() > old.failureCount()) {
      simulation.sightings().saw(Sight.MERGED_COUNTS);
    }
    if (now.state() == CircuitBreakerState.OPEN) {
      simulation.sightings().saw(Sight.TRIP_BY_MERGE);
    }
  }

  private @Nullable CircuitBreakerStoreState row(MachineState now) {
    return now.persisted() == null ? null : watch.rowThatArrived(now.persisted().version());
  }

  private void fine(boolean right, String rule, MachineState before, MachineState now) {
    simulation
        .world()
        .check(
            right,
            rule,
            () ->
                watch
                    + " went from "
                    + SimulationTrace.shown(before)
                    + " to "
                    + SimulationTrace.shown(now)
                    + " in a step of kind "
                    + step.kind);
  }
}
