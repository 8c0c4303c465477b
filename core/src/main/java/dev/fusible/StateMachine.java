package dev.fusible;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The rules of a circuit: pure functions of a state, an input and a reading of the monotonic clock.
 * No clock, lock, I/O or user code is in here. A function that changes nothing returns the state it
 * was given.
 */
final class StateMachine {

  private static final double JITTER = 0.1;

  /** Far longer than any process lives, and short enough to add to a reading of the clock. */
  private static final long FOREVER = Long.MAX_VALUE / 4;

  private StateMachine() {}

  /** What a call that arrives now may do. */
  static Admission admission(MachineState s, CircuitBreakerConfig config, long now) {
    return switch (s.state()) {
      case CLOSED -> Admission.RUN;
      case OPEN ->
          s.hold() == Hold.OPEN || isClaiming(s, now) || remainingWaitNanos(s, config, now) > 0
              ? Admission.REJECT
              : Admission.CLAIM;
      case HALF_OPEN -> trialAdmission(s.trial(), now);
    };
  }

  private static Admission trialAdmission(@Nullable Trial trial, long now) {
    if (trial == null || trial.hasExpired(now)) {
      return Admission.CLAIM;
    }
    return trial.phase() == Trial.Phase.READY ? Admission.TRIAL : Admission.REJECT;
  }

  private static boolean isClaiming(MachineState s, long now) {
    Trial trial = s.trial();
    return trial != null && trial.phase() == Trial.Phase.CLAIMING && !trial.hasExpired(now);
  }

  /** Until when an OPEN circuit rejects calls, whatever happens to its trial. */
  static long rejectsUntil(MachineState s, CircuitBreakerConfig config) {
    return s.openedAtNanos() + (s.hold() == Hold.OPEN ? FOREVER : waitNanos(s, config));
  }

  /** How long an OPEN circuit still waits before a trial may run; 0 or less when it may. */
  static long remainingWaitNanos(MachineState s, CircuitBreakerConfig config, long now) {
    return waitNanos(s, config) - (now - s.openedAtNanos());
  }

  /**
   * The whole wait: every instance comes to the same jitter, since it is drawn from the row's
   * generation.
   */
  static long waitNanos(MachineState s, CircuitBreakerConfig config) {
    long base = config.recoveryTimeout().toNanos();
    if (config.recoveryBackoff() == 1.0 || s.failedTrials() == 0) {
      return base;
    }
    double longest = config.maxRecoveryTimeout().toNanos();
    double grown = base * Math.pow(config.recoveryBackoff(), s.failedTrials());
    double jitter = 1 - JITTER + 2 * JITTER * fractionOf(s.rowGeneration());
    return (long) Math.min(longest, Math.max(base, grown * jitter));
  }

  /** A number from 0 to 1 that looks random and depends on {@code seed} alone. */
  private static double fractionOf(long seed) {
    long mixed = (seed + 0x9E3779B97F4A7C15L) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 31)) * 0x94D049BB133111EBL;
    return (mixed >>> 11) * 0x1.0p-53;
  }

  /**
   * Settles an attempt that was admitted in the state's present generation. The caller checks the
   * generation: a result of an older one changes nothing.
   */
  static MachineState settle(
      MachineState s, Outcome outcome, CircuitBreakerConfig config, long now) {
    return switch (s.state()) {
      case CLOSED -> settleClosed(s, outcome, config, now);
      case HALF_OPEN -> settleTrial(s, outcome, config, now);
      case OPEN -> s;
    };
  }

  /** As above, in the circuit of an upstream that was called for {@code business}, if for any. */
  static MachineState settle(
      MachineState s,
      Outcome outcome,
      @Nullable String business,
      CircuitBreakerConfig config,
      long now) {
    Witnesses witnesses = s.witnesses();
    if (witnesses == null || business == null || !isBad(outcome, config)) {
      return settle(s, outcome, config, now);
    }
    Witnesses heard = witnesses.failedBy(business, s.failureCount() + 1);
    return settle(s.with(heard), outcome, config, now);
  }

  /** Why {@link #settle} moves the circuit, if it does. */
  static String reasonOf(MachineState s, Outcome outcome) {
    if (s.state() == CircuitBreakerState.CLOSED) {
      return "failures";
    }
    return outcome.kind() == Outcome.Kind.SUCCESS ? "trial_succeeded" : "trial_failed";
  }

  private static boolean isBad(Outcome outcome, CircuitBreakerConfig config) {
    return outcome.isFailure()
        || (config.tripPolicy() instanceof Rate rate && rate.isSlow(outcome.elapsedNanos()));
  }

  private static MachineState settleClosed(
      MachineState s, Outcome outcome, CircuitBreakerConfig config, long now) {
    if (outcome.kind() == Outcome.Kind.IGNORED) {
      return s;
    }
    boolean failed = outcome.isFailure();
    if (!failed && isUnmovedBySuccess(s, config)) {
      return s;
    }
    Rate rate = config.tripPolicy() instanceof Rate r ? r : null;
    MachineState shared = failed || rate != null ? null : Healthy.afterSuccess(s);
    if (shared != null) {
      return shared;
    }
    int requests = Math.min(s.requestCount() + 1, config.volumeThreshold());
    boolean bad = isBad(outcome, config);
    Window window = rate == null ? null : windowOf(s, rate, now).plus(bad, now);
    MachineState counted =
        s.counted(
            failed ? s.failureCount() + 1 : 0,
            requests,
            window,
            failed ? outcome.errorCode() : bad ? Outcome.SLOW_CODE : s.lastErrorCode());
    return bad && mayOpen(counted, config, now)
        ? toldOrNot(counted, counted.opened(0, now, null))
        : counted;
  }

  /** Whether a success changes nothing: the circuit is healthy, and its volume is reached. */
  static boolean isUnmovedBySuccess(MachineState s, CircuitBreakerConfig config) {
    return s.state() == CircuitBreakerState.CLOSED
        && s.failureCount() == 0
        && s.requestCount() >= config.volumeThreshold()
        && !(config.tripPolicy() instanceof Rate);
  }

  /** Whether one failure more may open the circuit, if it goes by consecutive ones. */
  static boolean isNearOpening(MachineState s, CircuitBreakerConfig config) {
    return s.failureCount() + 1 >= config.failureThreshold()
        && s.requestCount() + 1 >= config.volumeThreshold();
  }

  /** Whether a CLOSED circuit must open: by its counts, and by whose failures they are. */
  static boolean mayOpen(MachineState s, CircuitBreakerConfig config, long now) {
    return trips(s, config) && (s.witnesses() == null || s.witnesses().mayOpen(now));
  }

  /**
   * An upstream's circuit that opens on failures of too few businesses opens for this instance
   * alone, since there may be others elsewhere that fare well; what follows from it stays here too.
   */
  private static MachineState toldOrNot(MachineState s, MachineState next) {
    boolean believed = next.witnesses() == null || next.witnesses().areEnough();
    boolean told =
        s.untold()
            ? believed && next.state() == CircuitBreakerState.OPEN
            : believed || s.state() != CircuitBreakerState.CLOSED;
    return told ? next : next.untoldAfter(s);
  }

  private static Window windowOf(MachineState s, Rate rate, long now) {
    return s.window() == null ? Window.empty(rate, now) : s.window();
  }

  /** Whether a CLOSED circuit with these counts must open. */
  static boolean trips(MachineState s, CircuitBreakerConfig config) {
    if (s.hold() == Hold.CLOSED || s.requestCount() < config.volumeThreshold()) {
      return false;
    }
    if (!(config.tripPolicy() instanceof Rate rate)) {
      return s.failureCount() >= config.failureThreshold();
    }
    Window window = s.window();
    return window != null
        && window.total() >= enough(rate, config)
        && window.bad() / (double) window.total() >= rate.rate();
  }

  /** A rate of a few calls is noise, also when an old volume was reached long ago. */
  private static int enough(Rate rate, CircuitBreakerConfig config) {
    return rate.period().isZero()
        ? Math.min(rate.calls(), config.volumeThreshold())
        : config.volumeThreshold();
  }

  private static MachineState settleTrial(
      MachineState s, Outcome outcome, CircuitBreakerConfig config, long now) {
    Trial trial = s.trial();
    if (trial == null) {
      return s;
    }
    if (outcome.kind() == Outcome.Kind.IGNORED) {
      return freed(s);
    }
    if (isBad(outcome, config)) {
      MachineState failed =
          s.counted(
              s.failureCount() + 1,
              s.requestCount(),
              null,
              outcome.isFailure() ? outcome.errorCode() : Outcome.SLOW_CODE);
      return toldOrNot(s, failed.opened(s.failedTrials() + 1, now, trial.token()));
    }
    return toldOrNot(s, s.closed(trial.token()));
  }

  /** HALF_OPEN with nobody's trial. */
  static MachineState freed(MachineState s) {
    return toldOrNot(s, s.halfOpen(null));
  }

  /** HALF_OPEN with a trial that no store is asked for: there is none, or the row does not know. */
  static MachineState unaskedTrial(MachineState s, Trial trial) {
    MachineState trying = s.halfOpen(trial);
    return s.untold() ? trying.untoldAfter(s) : trying;
  }

  /** An operator opens the circuit until it is reset. */
  static MachineState forceOpen(MachineState s, long now) {
    return s.opened(s.failedTrials(), now, null).ordered(Hold.OPEN);
  }

  /** An operator closes the circuit until it is reset. */
  static MachineState forceClosed(MachineState s) {
    return s.closed(null).ordered(Hold.CLOSED);
  }

  /** CLOSED with counts zero, whatever it was. */
  static MachineState reset(MachineState s) {
    return s.closed(null).ordered(Hold.NONE);
  }

  /**
   * How long a lease lasts: the operation and a margin for the write; the operation has no limit of
   * its own at ZERO.
   */
  static Duration lease(CircuitBreakerConfig config) {
    return config.timeout().isZero()
        ? Duration.ofSeconds(60)
        : config.timeout().plus(Duration.ofSeconds(7));
  }
}
