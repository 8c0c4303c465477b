package dev.fusible;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of local knowledge when the store's row turns out to be another than the one it was
 * counted from. Pure functions. The order of what wins: an operator's order; a trial whose token
 * the row still carries; a row of another generation; and within one generation, local transitions
 * and the sum of the counts.
 */
final class StoreMerge {

  private static final Persisted UNREAD = new Persisted(0, 0, CircuitBreakerState.CLOSED, 0, 0, 0);

  private static final Duration LONGEST = Duration.ofDays(36_500);

  private StoreMerge() {}

  /**
   * Our own write of {@code written} has become {@code row}: what changed since then is what is
   * left to write.
   */
  static MachineState acknowledged(
      MachineState s, MachineState written, CircuitBreakerStoreState row, long now) {
    MachineState.Draft draft = s.edit();
    draft.persisted = Persisted.of(row, written.resets());
    if (s.commandedIn() <= written.generation()) {
      draft.commandedIn = 0;
    }
    if (Objects.equals(s.settledToken(), written.settledToken())) {
      draft.settledToken = null;
    }
    if (s.generation() == written.generation() && row.state() == CircuitBreakerState.OPEN) {
      draft.openedAtNanos = later(s.openedAtNanos(), openedAt(row, now));
    }
    return draft.freeze();
  }

  /**
   * Nothing is under way or to be written, and the row is known. A reset that had nothing to undo
   * in the row is over: failures that others count from now on came after it.
   */
  static MachineState atRest(MachineState s) {
    Persisted row = s.persisted();
    return row == null || row.resets() == s.resets() || s.isDirty()
        ? s
        : s.basedOn(row.with(s.resets()), s.rowGeneration());
  }

  /** The row is {@code row}, whoever wrote it: what of {@code s} still stands? */
  static MachineState rebased(
      MachineState s, CircuitBreakerStoreState row, CircuitBreakerConfig config, long now) {
    Witnesses witnesses = s.witnesses();
    return witnesses == null
        ? merged(s, row, config, now)
        : merged(s.with(witnesses.joinedBy(row.evidence(), now)), row, config, now);
  }

  private static MachineState merged(
      MachineState s, CircuitBreakerStoreState row, CircuitBreakerConfig config, long now) {
    Persisted old = s.persisted() == null ? UNREAD : s.persisted();
    Persisted base = Persisted.of(row, s.resets());
    if (s.isCommanded()) {
      return s.basedOn(base, above(s, row));
    }
    String token = row.trialToken();
    if (token != null && isHeldFor(s.trial(), token)) {
      return s.basedOn(base, row.generation());
    }
    if (token != null && token.equals(s.settledToken())) {
      return s.basedOn(base, above(s, row));
    }
    boolean transitioned = s.rowGeneration() != old.generation();
    boolean bothClosed =
        row.state() == CircuitBreakerState.CLOSED && old.state() == CircuitBreakerState.CLOSED;
    boolean sameGeneration =
        s.persisted() == null
            ? bothClosed && (row.hold() == Hold.NONE || !transitioned)
            : old.generation() == row.generation();
    if (!sameGeneration || !(transitioned || bothClosed)) {
      boolean same = sameGeneration && !transitioned && row.state() == s.state();
      return adopted(s, row, same, config, now);
    }
    return transitioned ? s.basedOn(base, above(s, row)) : summed(s, old, row, config, now);
  }

  /**
   * The trial is ours: by the store's {@code row}, or by our own word where there is none. An
   * operator's order, or a circuit that has closed meanwhile, stands; what the store holds then is
   * to be written over.
   */
  static MachineState granted(MachineState s, Trial trial, @Nullable CircuitBreakerStoreState row) {
    boolean moot = s.isCommanded() || s.state() == CircuitBreakerState.CLOSED;
    if (row == null) {
      Trial claiming = s.trial();
      boolean stillWanted =
          !moot
              && claiming != null
              && claiming.phase() == Trial.Phase.CLAIMING
              && claiming.token().equals(trial.token());
      return stillWanted ? s.halfOpen(trial) : s;
    }
    Persisted base = Persisted.of(row, s.resets());
    return moot
        ? s.basedOn(base, above(s, row))
        : s.halfOpen(trial).basedOn(base, row.generation());
  }

  private static long above(MachineState s, CircuitBreakerStoreState row) {
    return Math.max(s.rowGeneration(), row.generation() + 1);
  }

  /** Whether the lease that the row is under is the one that this instance's trial runs with. */
  private static boolean isHeldFor(@Nullable Trial trial, String token) {
    return trial != null && trial.isOurs() && token.equals(trial.token());
  }

  private static MachineState summed(
      MachineState s,
      Persisted old,
      CircuitBreakerStoreState row,
      CircuitBreakerConfig config,
      long now) {
    boolean resetSince = s.resets() != old.resets();
    MachineState.Draft draft = s.edit();
    draft.failureCount =
        resetSince ? s.failureCount() : row.failureCount() + s.failureCount() - old.failureCount();
    draft.requestCount =
        Math.min(
            config.volumeThreshold(),
            row.requestCount() + Math.max(0, s.requestCount() - old.requestCount()));
    draft.rowGeneration = row.generation();
    draft.hold = row.hold();
    draft.lastStateChange = s.untold() ? s.lastStateChange() : row.lastStateChange();
    draft.lastErrorCode = s.lastErrorCode() == null ? row.lastErrorCode() : s.lastErrorCode();
    draft.persisted = Persisted.of(row, resetSince ? s.resets() - 1 : s.resets());
    Witnesses witnesses = s.witnesses();
    boolean consecutive = config.tripPolicy() instanceof ConsecutiveFailures;
    if (witnesses != null && consecutive && !resetSince) {
      int shift = draft.failureCount - s.failureCount();
      draft.witnesses = witnesses.withFailuresOf(row.evidence(), old.failureCount(), shift);
    }
    return consecutive ? judged(draft.freeze(), config, now) : draft.freeze();
  }

  /**
   * What a sum of failures means. An upstream's circuit opens by it only on the word of enough
   * businesses; if it had opened for this instance alone, now is when the others object or agree.
   */
  private static MachineState judged(MachineState sum, CircuitBreakerConfig config, long now) {
    boolean opens = StateMachine.mayOpen(sum, config, now);
    boolean believed = sum.witnesses() == null || sum.witnesses().areEnough();
    if (!sum.untold()) {
      return opens && believed ? sum.opened(0, now, null) : sum;
    }
    if (!opens) {
      return sum.unbelieved();
    }
    return believed && sum.state() == CircuitBreakerState.OPEN ? sum.told() : sum;
  }

  /**
   * The row as it is, with nothing of ours left. Ages count from {@code now}, when the answer
   * arrived: later than the store took them, so that no trial starts early. Attempts stay valid
   * only within one CLOSED generation.
   *
   * @param same whether the row is of the generation that is known, with no transition made since
   */
  private static MachineState adopted(
      MachineState s,
      CircuitBreakerStoreState row,
      boolean same,
      CircuitBreakerConfig config,
      long now) {
    MachineState.Draft draft = s.edit();
    draft.state = row.state();
    draft.generation =
        same && row.state() == CircuitBreakerState.CLOSED ? s.generation() : s.generation() + 1;
    draft.rowGeneration = row.generation();
    draft.failureCount = row.failureCount();
    draft.requestCount = row.requestCount();
    draft.window = null;
    draft.openedAtNanos = openedAt(row, now);
    draft.failedTrials = row.failedTrials();
    draft.trial =
        same && row.state() == CircuitBreakerState.OPEN ? s.trial() : elsewhere(row, config, now);
    draft.hold = row.hold();
    draft.commandedIn = 0;
    draft.settledToken = null;
    draft.lastErrorCode = row.lastErrorCode();
    draft.lastStateChange = row.lastStateChange();
    draft.persisted = Persisted.of(row, s.resets());
    draft.untold = false;
    if (s.witnesses() != null) {
      draft.witnesses = s.witnesses().withFailuresOf(row.evidence());
    }
    return draft.freeze();
  }

  private static @Nullable Trial elsewhere(
      CircuitBreakerStoreState row, CircuitBreakerConfig config, long now) {
    String token = row.trialToken();
    if (token == null || row.state() != CircuitBreakerState.HALF_OPEN) {
      return null;
    }
    // A store's clock that was set back makes a lease look longer than any is: then ask again.
    long longest = StateMachine.lease(config).toNanos();
    long left = Math.min(longest, nanos(row.trialRemaining()));
    return new Trial(token, Trial.Phase.ELSEWHERE, now + left);
  }

  private static long openedAt(CircuitBreakerStoreState row, long now) {
    Duration openedFor = row.openedFor();
    boolean open = row.state() == CircuitBreakerState.OPEN;
    return !open ? 0 : openedFor == null ? now : now - nanos(openedFor);
  }

  /**
   * What a row says may be nonsense: an age that the store's clock, set back, made negative, or one
   * of ages.
   */
  private static long nanos(Duration duration) {
    if (duration.isNegative()) {
      return 0;
    }
    return duration.compareTo(LONGEST) > 0 ? LONGEST.toNanos() : duration.toNanos();
  }

  private static long later(long nanos, long otherNanos) {
    return otherNanos - nanos > 0 ? otherNanos : nanos;
  }
}
