package dev.fusible;

import dev.fusible.Sightings.Sight;
import dev.fusible.SimulatedWorld.Kind;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One caller's call, with an upstream that does with it what the plan of the moment says. It knows
 * what the attempt must come to, and compares.
 */
final class SimulatedCall {

  /** What the upstream does. */
  enum Behaviour {
    VALUE(Outcome.Kind.SUCCESS),
    NULL_VALUE(Outcome.Kind.SUCCESS),
    REJECTED_VALUE(Outcome.Kind.FAILURE),
    EXCEPTION(Outcome.Kind.FAILURE),
    ERROR(Outcome.Kind.FAILURE),
    CANCELLATION(Outcome.Kind.IGNORED),
    THROWS_EXCEPTION(Outcome.Kind.FAILURE),
    THROWS_ERROR(Outcome.Kind.FAILURE),
    NO_STAGE(Outcome.Kind.FAILURE),
    SILENCE(Outcome.Kind.TIMEOUT);

    final Outcome.Kind outcome;

    Behaviour(Outcome.Kind outcome) {
      this.outcome = outcome;
    }

    boolean hasValue() {
      return outcome == Outcome.Kind.SUCCESS || this == REJECTED_VALUE;
    }
  }

  /** What the upstream returns; one that does not obey goes on when it is cancelled. */
  private static final class Operation extends CompletableFuture<@Nullable Object> {

    private final boolean obeys;
    private boolean cancelled;

    Operation(boolean obeys) {
      this.obeys = obeys;
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      cancelled = true;
      return obeys && super.cancel(mayInterruptIfRunning);
    }
  }

  /** What the upstream's error looks like. */
  static final class UpstreamError extends Error {

    private static final long serialVersionUID = 1L;

    UpstreamError() {
      super("upstream", null, false, false);
    }
  }

  /** What the upstream's exception looks like. */
  static final class UpstreamException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    UpstreamException() {
      super("upstream", null, false, false);
    }
  }

  private final Simulation simulation;
  private final SimulatedWorld world;
  private final SimulatedInstance instance;
  private final CircuitWatch watch;
  private final CircuitBreakerConfig config;
  private final Behaviour behaviour;
  private final long takes;
  private final Operation operation;
  private final long madeAt;
  private final int incarnation;
  private final boolean sharesUpstream;
  private @Nullable CompletableFuture<ExecutionResult<@Nullable Object>> future;
  private boolean returned;
  private boolean cancelledByCaller;
  private long beganAt = -1;
  private long generation = -1;
  private @Nullable Circuit beganIn;
  private long endsAt;
  private boolean trial;
  private boolean silenceIsOver;

  SimulatedCall(
      Simulation simulation,
      SimulatedInstance instance,
      String business,
      Behaviour behaviour,
      long takes) {
    this.simulation = simulation;
    this.world = simulation.world();
    this.instance = instance;
    this.watch = instance.watch(business);
    this.config = simulation.plan().config(business);
    this.behaviour = behaviour;
    this.takes = takes;
    this.operation = new Operation(world.chance(0.7));
    this.madeAt = world.now();
    this.incarnation = instance.incarnation();
    this.sharesUpstream = simulation.plan().sharesUpstream(business);
  }

  /** Whether its caller can still hang up. */
  boolean isPending() {
    return instance.isUp()
        && !instance.isPaused()
        && instance.incarnation() == incarnation
        && future != null
        && !future.isDone();
  }

  /** Whether its operation hangs for ever. */
  private boolean isSilent() {
    return behaviour == Behaviour.SILENCE
        && instance.incarnation() == incarnation
        && beganAt >= 0
        && !operation.isDone();
  }

  CircuitWatch watch() {
    return watch;
  }

  void make(VoiceCircuitBreaker breaker) {
    MachineState before = watch.circuit() == null ? null : watch.circuit().machine();
    boolean wasReady =
        before != null && before.trial() != null && before.trial().phase() == Trial.Phase.READY;
    world.trace.add(world.now(), "call", watch, behaviour, takes);
    future = breaker.executeAsync(this::begin).toCompletableFuture();
    returned = true;
    watch.sees(instance.breakers().circuit(watch.business()));
    if (wasReady && beganAt >= 0 && trial) {
      simulation.sightings().saw(Sight.READY_TRIAL_USED);
    }
    seeWay(before);
    CompletionStage<?> unneeded = future.whenComplete(this::answered);
    Objects.requireNonNull(unneeded);
    watchDeadline();
  }

  private void seeWay(@Nullable MachineState before) {
    boolean wasClosed = before != null && before.state() == CircuitBreakerState.CLOSED;
    boolean ended = future != null && future.isDone();
    if (sharesUpstream && wasClosed && ended && beganAt < 0) {
      simulation.sightings().saw(Sight.CALL_REFUSED_BY_ITS_UPSTREAM);
    }
    if (!instance.isHeard() && !sharesUpstream && ended && !(future instanceof AsyncCall)) {
      simulation.sightings().saw(beganAt < 0 ? Sight.SHORT_WAY_OF_A_REFUSAL : Sight.SHORT_WAY);
    }
  }

  /** As {@link #make}, on the calling thread: for configurations without a time limit. */
  void makeSynchronously(VoiceCircuitBreaker breaker) {
    world.trace.add(world.now(), "call", watch, behaviour, "synchronous");
    try {
      Object words = new Object();
      Object result =
          breaker.<@Nullable Object>execute(
              () -> {
                Object unneeded = begin();
                Objects.requireNonNull(unneeded);
                return operation.join();
              },
              sentence -> words);
      world.check(
          (result == words) == !behaviour.hasValue(),
          "a call gets what its operation came to",
          () -> this + " got " + (result == words ? "a sentence" : "a value"));
    } catch (UpstreamError expected) {
      simulation.sightings().saw(Sight.ERROR_THROWN);
    }
    watch.sees(instance.breakers().circuit(watch.business()));
  }

  private CompletionStage<@Nullable Object> begin() {
    Circuit circuit = instance.breakers().circuit(watch.business());
    watch.sees(circuit);
    MachineState s = circuit.machine();
    beganAt = world.now();
    beganIn = circuit;
    boolean runs = s.trial() != null && s.trial().phase() == Trial.Phase.RUNNING;
    boolean ordinaryHere = sharesUpstream && s.state() == CircuitBreakerState.CLOSED;
    trial = (returned && !ordinaryHere) || s.state() == CircuitBreakerState.HALF_OPEN;
    if (!returned) {
      world.check(
          s.state() == CircuitBreakerState.CLOSED
              || (s.state() == CircuitBreakerState.HALF_OPEN && runs),
          "I4",
          () -> "an ordinary call of " + watch + " starts in " + s.state());
    }
    generation = (trial || returned) && !runs ? -1 : s.generation();
    if (sharesUpstream) {
      new UpstreamPassing(simulation, watch, returned).check(trial);
    }
    if (trial) {
      watch.trialBegins();
    } else {
      watch.ordinaryCallBegins();
    }
    world.trace.add(beganAt, trial ? "trial begins" : "operation begins", watch);
    return upstream();
  }

  private CompletionStage<@Nullable Object> upstream() {
    switch (behaviour) {
      case THROWS_EXCEPTION -> throw new UpstreamException();
      case THROWS_ERROR -> throw new UpstreamError();
      case NO_STAGE -> {
        return noStage();
      }
      case SILENCE -> {
        if (silenceIsOver) {
          breakSilence();
        }
      }
      default -> {
        if (takes == 0) {
          complete();
          if (behaviour.hasValue() && world.chance(0.7)) {
            // A mere future, which a call need not wait with.
            return CompletableFuture.completedFuture(operation.join());
          }
        } else {
          endAfter(takes);
        }
      }
    }
    return operation;
  }

  @SuppressWarnings("NullAway") // An upstream's mistake.
  private static CompletionStage<@Nullable Object> noStage() {
    return null;
  }

  /** The upstream that was silent speaks at last, when nobody waits any more. */
  void breakSilence() {
    silenceIsOver = true;
    if (isSilent()) {
      endAfter(world.between(0, SimulatedWorld.SECOND));
    }
  }

  private void endAfter(long nanos) {
    endsAt = world.now() + nanos;
    world.after(nanos, Kind.OPERATION, instance, watch.business(), this::end);
  }

  private void complete() {
    switch (behaviour) {
      case EXCEPTION -> operation.completeExceptionally(new UpstreamException());
      case ERROR -> operation.completeExceptionally(new UpstreamError());
      case CANCELLATION -> operation.completeExceptionally(new CancellationException());
      case REJECTED_VALUE -> operation.complete("rejected");
      case NULL_VALUE -> operation.complete(null);
      default -> operation.complete("answer");
    }
  }

  private void end() {
    if (operation.isDone()) {
      return;
    }
    Circuit circuit = watch.circuit();
    MachineState before = circuit == null ? null : circuit.machine();
    world.trace.add(world.now(), "operation ends", watch, behaviour);
    complete();
    if (circuit == null || before == null || before.isEvicted() || circuit != beganIn) {
      // An evicted circuit's successor takes what its attempts come to.
      return;
    }
    MachineState after = circuit.machine();
    boolean settledBefore =
        operation.cancelled
            || cancelledByCaller
            || (!config.timeout().isZero() && endsAt >= beganAt + config.timeout().toNanos());
    boolean isFine =
        behaviour == Behaviour.REJECTED_VALUE
            && config.recordResult() == CircuitBreakerConfig.NO_RESULT;
    Outcome.Kind outcome =
        isFine || behaviour == Behaviour.SILENCE ? Outcome.Kind.SUCCESS : behaviour.outcome;
    if (settledBefore || before.generation() != generation) {
      if (generation != -1) {
        nothingChanged(before, after);
      }
      simulation.sightings().saw(Sight.LATE_RESULT);
      if (trial && !settledBefore) {
        simulation.sightings().saw(Sight.FENCED_LATE_RESULT);
      }
    } else {
      new SettlingCheck(world, watch, config, outcome, world.now() - beganAt).check(before, after);
    }
  }

  private void nothingChanged(MachineState before, MachineState after) {
    world.check(
        before == after,
        "a late result changes nothing",
        () ->
            watch
                + " went from "
                + SimulationTrace.shown(before)
                + " to "
                + SimulationTrace.shown(after));
  }

  void hangUp() {
    MachineState before = watch.circuit() == null ? null : watch.circuit().machine();
    world.trace.add(world.now(), "caller hangs up", watch);
    cancelledByCaller = future != null && future.cancel(true);
    MachineState after = watch.circuit() == null ? null : watch.circuit().machine();
    if (before != null && after != null && before != after && !before.isEvicted()) {
      boolean freed =
          trial
              && before.state() == CircuitBreakerState.HALF_OPEN
              && after.state() == CircuitBreakerState.HALF_OPEN
              && after.trial() == null;
      world.check(
          freed, "a cancellation counts as neither", () -> watch + " went to " + after.state());
      simulation.sightings().saw(Sight.FREED_TRIAL);
    }
  }

  private void answered(
      @Nullable ExecutionResult<@Nullable Object> result, @Nullable Throwable thrown) {
    if (thrown instanceof Error) {
      simulation.sightings().saw(Sight.ERROR_THROWN);
      world.check(
          thrown instanceof UpstreamError,
          "no exception escapes",
          () -> "a call ended by " + thrown);
    } else if (thrown != null) {
      world.check(
          thrown instanceof CancellationException,
          "no exception escapes",
          () -> "a call ended by " + thrown);
    } else if (result instanceof ExecutionResult.Fallback<?> fallback
        && fallback.type() == FallbackType.TIMEOUT
        && trial
        && world.now() < madeAt + config.timeout().toNanos()) {
      simulation.sightings().saw(Sight.IMPATIENT_CALLER);
    }
  }

  // --- I6: an answer in time

  private static final long GRACE = 50 * SimulatedWorld.MILLISECOND;

  private void watchDeadline() {
    if (!config.timeout().isZero()) {
      long deadline = madeAt + config.timeout().toNanos() + GRACE;
      world.after(deadline - world.now(), Kind.WORLD, null, null, this::deadline);
    }
  }

  private void deadline() {
    if (future == null
        || future.isDone()
        || !instance.isUp()
        || instance.incarnation() != incarnation) {
      return;
    }
    long awakeSince = instance.resumedAt();
    if (awakeSince + GRACE >= world.now()) {
      long again = awakeSince + GRACE - world.now() + 1;
      world.after(again, Kind.WORLD, null, null, this::deadline);
      return;
    }
    world.check(
        false,
        "I6",
        () -> this + " has no answer " + (world.now() - madeAt) + " ns after it began");
  }

  @Override
  public String toString() {
    return "call of " + watch + " made at " + madeAt + " (" + behaviour + ")";
  }
}
