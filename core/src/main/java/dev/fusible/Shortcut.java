package dev.fusible;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a circuit knows of itself that lets most calls take the short way ({@link PlainCall}): what
 * never changes, and what was found out about one of its states.
 *
 * <p>What was found out is kept in plain fields, which threads write over each other. That is a
 * race without harm: it is a function of an immutable state, which is compared with the present one
 * whenever it is used, and who does not see it finds it out again.
 */
abstract class Shortcut extends CallMetrics {

  /** How far a rough clock may be behind before a trial comes late. */
  private static final long MOMENT = Duration.ofSeconds(1).toNanos();

  final CircuitBreakerConfig config;
  final CircuitContext context;
  private final boolean isUpstream;
  private final boolean isUnlimited;
  private final boolean isMeasured;
  private final boolean judgesResults;
  private @Nullable MachineState steady;

  /** Whether the executor ran the latest operation on its caller's thread; a guess at the next. */
  private boolean runsOnCallers;

  Shortcut(CircuitBreakerConfig config, CircuitContext context, boolean isUpstream) {
    this.config = config;
    this.context = context;
    this.isUpstream = isUpstream;
    this.isUnlimited = config.timeout().isZero();
    this.judgesResults = config.recordResult() != CircuitBreakerConfig.NO_RESULT;
    this.isMeasured =
        config.tripPolicy() instanceof Rate || isUpstream || context.events().isHeard();
  }

  final CircuitBreakerConfig config() {
    return config;
  }

  final CircuitContext context() {
    return context;
  }

  final boolean isUpstream() {
    return isUpstream;
  }

  /** Whether operations run without a limit. */
  final boolean isUnlimited() {
    return isUnlimited;
  }

  /**
   * Whether operations with a limit seem to run on their callers' threads, in the machine's time.
   */
  final boolean runsOnCallers() {
    return runsOnCallers;
  }

  final void runsOnCallers(boolean found) {
    runsOnCallers = found && context.time() == TimeSource.system();
  }

  /** Whether anybody asks how long calls take, or when they came. */
  boolean isMeasured() {
    return isMeasured;
  }

  /** Whether it runs every call that comes in this state. */
  final boolean runsAll(MachineState s) {
    return s == steady || (s.state() == CircuitBreakerState.CLOSED && !s.isEvicted());
  }

  /** Whether it is CLOSED in this state, and no result of a call that returns changes anything. */
  final boolean isUnmovedBySuccess(MachineState s) {
    return s == steady || isFoundSteady(s);
  }

  private boolean isFoundSteady(MachineState s) {
    boolean found = !judgesResults && !s.isEvicted() && StateMachine.isUnmovedBySuccess(s, config);
    if (found) {
      steady = s;
    }
    return found;
  }

  /** Whether it rejects a call in this state that comes now, or came a moment ago. */
  final boolean surelyRejects(MachineState s) {
    if (s.state() != CircuitBreakerState.OPEN) {
      return false;
    }
    Trouble trouble = trouble();
    Trouble.Rejection known = trouble.rejection;
    if (known == null || known.in() != s) {
      known = new Trouble.Rejection(s, StateMachine.rejectsUntil(s, config));
      trouble.rejection = known;
    }
    return context.roughNanos().getAsLong() + MOMENT - known.untilNanos() < 0;
  }

  // --- what a result is

  /** What was thrown is a failure, or ignored; a predicate that throws makes it a failure. */
  final Outcome.Kind kindOfThrown(Throwable error) {
    return isFailure(error) ? Outcome.Kind.FAILURE : Outcome.Kind.IGNORED;
  }

  private boolean isFailure(Throwable error) {
    try {
      return error instanceof Error
          || (config.recordFailure().test(error) && (!isUpstream || isUpstreamFailure(error)));
    } catch (Throwable brokenPredicate) {
      return true;
    }
  }

  final boolean isUpstreamFailure(Throwable error) {
    try {
      return error instanceof Error || context.upstreamFailure().test(error);
    } catch (Throwable brokenPredicate) {
      return true;
    }
  }

  /** A result is a success or a failure; a predicate that throws makes it a failure. */
  final Outcome.Kind kindOfResult(@Nullable Object result) {
    return judgesResults && isFailedResult(result) ? Outcome.Kind.FAILURE : Outcome.Kind.SUCCESS;
  }

  @SuppressWarnings(
      "NullAway") // A result may be null, and a predicate that can't take one has thrown.
  private boolean isFailedResult(@Nullable Object result) {
    try {
      return config.recordResult().test(result);
    } catch (Throwable brokenPredicate) {
      return true;
    }
  }
}
