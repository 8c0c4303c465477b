package dev.fusible;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * All that a circuit knows, at one moment. Immutable; {@link Circuit} replaces it by
 * compare-and-set.
 *
 * @param state the state
 * @param generation of this process: rises whenever results of running attempts must no longer
 *     count
 * @param rowGeneration the generation to persist: rises with each transition, here or elsewhere
 * @param failureCount consecutive failures
 * @param requestCount requests settled since the circuit last closed; stops at the volume
 *     threshold, so that a success that changes nothing writes nothing
 * @param resets how often a success (or an operator) set the failure count back to zero
 * @param window the outcomes that a rate policy looks at; {@code null} for other policies
 * @param openedAtNanos when it opened, on the monotonic clock; only while OPEN
 * @param failedTrials trials that failed in a row
 * @param trial the trial, while not CLOSED; {@code null} if nobody runs or claims it
 * @param hold whether an operator holds the state
 * @param commandedIn the generation of an operator's order that is not yet in the store: it wins
 *     over what others wrote; 0 if there is none
 * @param settledToken the token of the trial whose result is not yet in the store
 * @param lastErrorCode the last failure's class or code
 * @param lastStateChange when the state last changed, for display
 * @param persisted what the store holds; {@code null} until the row has been read
 * @param witnesses whose calls it has seen; {@code null} in a business's circuit
 * @param untold whether it opened on failures of fewer businesses than it takes for all instances
 *     to believe it: then it is open for this instance, and the row stays CLOSED
 */
record MachineState(
    CircuitBreakerState state,
    long generation,
    long rowGeneration,
    int failureCount,
    int requestCount,
    int resets,
    @Nullable Window window,
    long openedAtNanos,
    int failedTrials,
    @Nullable Trial trial,
    Hold hold,
    long commandedIn,
    @Nullable String settledToken,
    @Nullable String lastErrorCode,
    @Nullable Instant lastStateChange,
    @Nullable Persisted persisted,
    @Nullable Witnesses witnesses,
    boolean untold) {

  /** Where every business's circuit starts, shared by all of them. */
  static final MachineState INITIAL = initial(null);

  /**
   * An initial state whose row is known not to exist, shared as well: an idle circuit costs no
   * state of its own.
   */
  static final MachineState INITIAL_LOADED =
      initial(new Persisted(0, 0, CircuitBreakerState.CLOSED, 0, 0, 0));

  /** Takes the place of an evicted circuit's state: no attempt is admitted on it. */
  static final MachineState EVICTED = initial(null);

  boolean isEvicted() {
    return this == EVICTED;
  }

  private static MachineState initial(@Nullable Persisted persisted) {
    return new MachineState(
        CircuitBreakerState.CLOSED,
        0,
        0,
        0,
        0,
        0,
        null,
        0,
        0,
        null,
        Hold.NONE,
        0,
        null,
        null,
        null,
        persisted,
        null,
        false);
  }

  /** Where an upstream's circuit starts. */
  static MachineState ofUpstream(Witnesses witnesses) {
    return INITIAL.with(witnesses);
  }

  /** Whether the store knows all of this. */
  boolean isKnown() {
    return persisted != null && !isDirty();
  }

  /** Whether the store does not know this yet, although its row has been read. */
  boolean isDirty() {
    return persisted != null && (needsWriteAtOnce() || countsDiffer(persisted));
  }

  /** Whether a transition, a freed trial or an operator's order waits to be written. */
  boolean needsWriteAtOnce() {
    return persisted != null && (isCommanded() || rowGeneration != persisted.generation());
  }

  /** Whether an operator's order waits to be written. */
  boolean isCommanded() {
    return commandedIn != 0;
  }

  private boolean countsDiffer(Persisted row) {
    return failureCount != row.failureCount() || (resets != row.resets() && row.failureCount() > 0);
  }

  /** This state as a row to write over the one it was counted from. */
  CircuitBreakerStoreState toRow(String businessId, String writeId, long now) {
    boolean isHeld = trial != null && trial.isOurs() && !trial.hasExpired(now) && !untold;
    Trial held = isHeld ? trial : null;
    CircuitBreakerState told = untold ? CircuitBreakerState.CLOSED : state;
    return new CircuitBreakerStoreState(
        businessId,
        told,
        failureCount,
        requestCount,
        rowGeneration,
        Objects.requireNonNull(persisted).version(),
        told == CircuitBreakerState.OPEN
            ? Duration.ofNanos(Math.max(0, now - openedAtNanos))
            : null,
        untold ? 0 : failedTrials,
        lastStateChange,
        lastErrorCode,
        hold,
        held != null ? held.token() : null,
        held != null ? Duration.ofNanos(held.leaseUntilNanos() - now) : Duration.ZERO,
        writeId,
        witnesses == null ? Evidence.NONE : witnesses.evidence(now));
  }

  /** A copy of this state to change and freeze. */
  Draft edit() {
    return new Draft(this);
  }

  MachineState counted(
      int failures, int requests, @Nullable Window newWindow, @Nullable String errorCode) {
    Draft draft = edit();
    draft.failureCount = failures;
    draft.requestCount = requests;
    // What an unread row says of failures is over with the first success too.
    boolean resetting = failures == 0 && (failureCount > 0 || persisted == null);
    draft.resets = resetting ? resets + 1 : resets;
    draft.window = newWindow;
    draft.lastErrorCode = errorCode;
    if (failures == 0 && witnesses != null && (newWindow == null || newWindow.bad() == 0)) {
      draft.witnesses = witnesses.forgiving();
    }
    return draft.freeze();
  }

  MachineState opened(int trialsFailed, long nowNanos, @Nullable String settled) {
    Draft draft = moved(CircuitBreakerState.OPEN);
    draft.openedAtNanos = nowNanos;
    draft.failedTrials = trialsFailed;
    draft.settledToken = settled == null ? settledToken : settled;
    return draft.freeze();
  }

  MachineState closed(@Nullable String settled) {
    Draft draft = moved(CircuitBreakerState.CLOSED);
    draft.failureCount = 0;
    draft.requestCount = 0;
    draft.resets = resets + 1;
    draft.failedTrials = 0;
    draft.settledToken = settled == null ? settledToken : settled;
    draft.lastErrorCode = null;
    draft.witnesses = witnesses == null ? null : witnesses.forgiving();
    return draft.freeze();
  }

  /** HALF_OPEN with the trial given, or with none: freed. */
  MachineState halfOpen(@Nullable Trial newTrial) {
    Draft draft = moved(CircuitBreakerState.HALF_OPEN);
    draft.trial = newTrial;
    return draft.freeze();
  }

  /** The same state held by an operator, whose order is still to be written. */
  MachineState ordered(Hold newHold) {
    Draft draft = edit();
    draft.hold = newHold;
    draft.commandedIn = generation;
    return draft.freeze();
  }

  /** What became of {@code from}, without the row being told. */
  MachineState untoldAfter(MachineState from) {
    Draft draft = edit();
    draft.rowGeneration = from.rowGeneration;
    // A reset of no failures has nothing to undo in the row, and no turn at the store to end it.
    draft.resets = from.failureCount == 0 ? from.resets : resets;
    draft.untold = state != CircuitBreakerState.CLOSED;
    draft.settledToken = from.settledToken;
    return draft.freeze();
  }

  /** OPEN for all instances from now on. */
  MachineState told() {
    Draft draft = edit();
    draft.rowGeneration = rowGeneration + 1;
    draft.untold = false;
    return draft.freeze();
  }

  /** CLOSED again as the row is, and held if that is: the failures are not believed. */
  MachineState unbelieved() {
    Draft draft = moved(CircuitBreakerState.CLOSED);
    draft.failedTrials = 0;
    draft.hold = hold;
    return draft.freeze().untoldAfter(this);
  }

  MachineState with(Witnesses newWitnesses) {
    Draft draft = edit();
    draft.witnesses = newWitnesses;
    return draft.freeze();
  }

  MachineState withTrial(@Nullable Trial newTrial) {
    Draft draft = edit();
    draft.trial = newTrial;
    return draft.freeze();
  }

  /** The same circuit counted from another row. */
  MachineState basedOn(Persisted row, long newRowGeneration) {
    Draft draft = edit();
    draft.persisted = row;
    draft.rowGeneration = newRowGeneration;
    return draft.freeze();
  }

  MachineState stamped(Instant changed) {
    Draft draft = edit();
    draft.lastStateChange = changed;
    return draft.freeze();
  }

  private Draft moved(CircuitBreakerState to) {
    Draft draft = edit();
    draft.state = to;
    draft.generation = generation + 1;
    draft.rowGeneration = rowGeneration + 1;
    draft.window = null;
    draft.openedAtNanos = 0;
    draft.trial = null;
    draft.hold = Hold.NONE;
    draft.untold = false;
    return draft;
  }

  /** A state in the making, seen by one thread. */
  static final class Draft {

    CircuitBreakerState state;
    long generation;
    long rowGeneration;
    int failureCount;
    int requestCount;
    int resets;
    @Nullable Window window;
    long openedAtNanos;
    int failedTrials;
    @Nullable Trial trial;
    Hold hold;
    long commandedIn;
    @Nullable String settledToken;
    @Nullable String lastErrorCode;
    @Nullable Instant lastStateChange;
    @Nullable Persisted persisted;
    @Nullable Witnesses witnesses;
    boolean untold;

    private Draft(MachineState s) {
      state = s.state;
      generation = s.generation;
      rowGeneration = s.rowGeneration;
      failureCount = s.failureCount;
      requestCount = s.requestCount;
      resets = s.resets;
      window = s.window;
      openedAtNanos = s.openedAtNanos;
      failedTrials = s.failedTrials;
      trial = s.trial;
      hold = s.hold;
      commandedIn = s.commandedIn;
      settledToken = s.settledToken;
      lastErrorCode = s.lastErrorCode;
      lastStateChange = s.lastStateChange;
      persisted = s.persisted;
      witnesses = s.witnesses;
      untold = s.untold;
    }

    MachineState freeze() {
      return new MachineState(
          state,
          generation,
          rowGeneration,
          failureCount,
          requestCount,
          resets,
          window,
          openedAtNanos,
          failedTrials,
          trial,
          hold,
          commandedIn,
          settledToken,
          lastErrorCode,
          lastStateChange,
          persisted,
          witnesses,
          untold);
    }
  }
}
