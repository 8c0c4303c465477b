package dev.fusible;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The permit of one operation to run, in the generation that it was admitted in. It settles exactly
 * once: whoever comes second (the operation's own end, its time limit, its caller's cancellation)
 * changes nothing. Thread-safe.
 */
class Attempt extends AtomicInteger {

  private static final long serialVersionUID = 1L;

  private static final int RUNNING = 0;
  private static final int SETTLED = 1;
  private static final int LATE = 2;

  private final transient Circuit circuit;
  private final long generation;
  private final @Nullable String token;
  private final long startNanos;
  private final boolean measured;
  private transient @Nullable String business;
  private transient @Nullable Attempt beside;

  /**
   * @param token the lease that it runs under; {@code null} unless it is a trial
   */
  Attempt(Circuit circuit, long generation, @Nullable String token, long startNanos) {
    this.circuit = circuit;
    this.generation = generation;
    this.token = token;
    this.startNanos = startNanos;
    this.measured = true;
    int unused = circuit.start();
  }

  /** Of an ordinary call that was counted as begun, and that nobody measured when it was. */
  Attempt(Circuit circuit, long generation) {
    this.circuit = circuit;
    this.generation = generation;
    this.token = null;
    this.startNanos = 0;
    this.measured = false;
  }

  Circuit circuit() {
    return circuit;
  }

  long generation() {
    return generation;
  }

  @Nullable String token() {
    return token;
  }

  /** Whether it is the trial of its circuit, or of the upstream's. */
  boolean isTrial() {
    return token != null || (beside != null && beside.isTrial());
  }

  /** On whose behalf an upstream is called; {@code null} in a circuit of a business's own. */
  @Nullable String business() {
    return business;
  }

  /** The same operation's permit from the upstream's circuit settles with this one. */
  void settlesWith(Attempt upstreams, String businessId) {
    beside = upstreams;
    upstreams.business = businessId;
  }

  /** Whether anybody is to know how long it took; otherwise that is 0. */
  boolean isMeasured() {
    return measured;
  }

  long elapsedNanos(long now) {
    return measured ? now - startNanos : 0;
  }

  boolean isSettled() {
    return get() != RUNNING;
  }

  /**
   * Settles as a success, or as a failure where the configuration says that such a result is one.
   */
  boolean succeeded(@Nullable Object result) {
    return settle(circuit.kindOfResult(result), null, Outcome.RESULT_CODE);
  }

  /** Settles as the success of a stream, which has no result to look at. */
  boolean completed() {
    return settle(Outcome.Kind.SUCCESS, null, Outcome.RESULT_CODE);
  }

  /** A trial that has gone well for long enough settles, although its operation goes on. */
  void proved() {
    if (token != null) {
      completed();
    } else if (beside != null) {
      beside.completed();
    }
  }

  /** Settles as a failure, or as ignored where the configuration says so. */
  boolean failed(Throwable error) {
    return settle(circuit.kindOfThrown(error), error, Outcome.codeOf(error));
  }

  /** Settles as a failure of its time limit. */
  boolean timedOut() {
    return settle(Outcome.Kind.TIMEOUT, null, Outcome.TIMEOUT_CODE);
  }

  /** Settles as neither. */
  boolean ignored() {
    return settle(Outcome.Kind.IGNORED, null, Outcome.TIMEOUT_CODE);
  }

  private boolean settle(Outcome.Kind kind, @Nullable Throwable error, String code) {
    if (!compareAndSet(RUNNING, SETTLED)) {
      return false;
    }
    circuit.settle(this, kind, error, code);
    if (beside != null) {
      beside.settle(beside.kindOf(kind, error), error, code);
    }
    return true;
  }

  /** Settles an ordinary attempt that only this thread knows: there is nobody to be first. */
  void settleAlone(Outcome.Kind kind, @Nullable Throwable error, String code) {
    setPlain(SETTLED);
    circuit.settle(this, kind, error, code);
  }

  /** What an upstream's circuit makes of it: what is the business's own fault says nothing. */
  private Outcome.Kind kindOf(Outcome.Kind kind, @Nullable Throwable error) {
    boolean ownFault =
        kind == Outcome.Kind.FAILURE && error != null && !circuit.isUpstreamFailure(error);
    return ownFault ? Outcome.Kind.IGNORED : kind;
  }

  /** Its operation will never run: if it is a trial, the next call runs it. */
  void giveBack() {
    set(SETTLED);
    circuit.takeBack();
    if (token != null) {
      TrialLease.kept(circuit, token);
    }
    if (beside != null) {
      beside.giveBack();
    }
  }

  /** Its result has lost its say: for its generation is over, or it has settled. Counts once. */
  void cameLate() {
    if (compareAndSet(SETTLED, LATE)) {
      circuit.cameLate(circuit.context().lateResults());
    }
  }
}
