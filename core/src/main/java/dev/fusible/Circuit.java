package dev.fusible;

import dev.fusible.Trial.Phase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One business's circuit in this process: the one hard class.
 *
 * <p>All that it knows is one immutable {@link MachineState} in one reference; every change is a
 * pure function of it and one compare-and-set. The races, and how each is settled:
 *
 * <ul>
 *   <li><b>Two results at once</b>: both compute from what they read; the loser of the
 *       compare-and-set computes again.
 *   <li><b>A result against a transition</b>: an attempt carries the generation it was admitted in.
 *       Every transition raises the generation, so the compare-and-set of a late result finds
 *       another one and only counts it as late.
 *   <li><b>Two callers for one trial</b>: the claim is itself a compare-and-set to CLAIMING; the
 *       loser is rejected.
 *   <li><b>A claim against its caller's patience</b>: the future of the claim is completed once:
 *       with the attempt, and then the caller has it; or given up by the caller, and then the lease
 *       is kept READY for the next call.
 *   <li><b>Two transitions, and the order of their events</b>: a transition's compare-and-set and
 *       the queuing of its event happen under a lock of this circuit's, so events are queued in the
 *       order of the transitions. Nothing else is done under it; counting takes no lock.
 *   <li><b>A call against eviction</b>: eviction is a compare-and-set to {@link
 *       MachineState#EVICTED}. A call that finds it goes to the circuit's successor; so does the
 *       result of an attempt that was admitted just before.
 *   <li><b>The store against local calls</b>: see {@link StoreMerge}; a row arrives by the same
 *       compare-and-set.
 * </ul>
 */
final class Circuit {

  private static final AtomicReferenceFieldUpdater<Circuit, MachineState> MACHINE =
      AtomicReferenceFieldUpdater.newUpdater(Circuit.class, MachineState.class, "machine");

  private final String businessId;
  private final CircuitBreakerConfig config;
  private final CircuitContext context;
  private final CircuitRegistry registry;
  private final Rotation rotation = new Rotation();
  private volatile MachineState machine = MachineState.INITIAL;
  private volatile CallMetrics metrics;
  private volatile List<CircuitBreakerListener> listeners = List.of();
  private volatile @Nullable StoreLink link;

  Circuit(
      String businessId,
      CircuitBreakerConfig config,
      CircuitContext context,
      CircuitRegistry registry) {
    this.businessId = businessId;
    this.config = config;
    this.context = context;
    this.registry = registry;
    this.metrics = new CallMetrics(context.lateResults());
  }

  String businessId() {
    return businessId;
  }

  CircuitBreakerConfig config() {
    return config;
  }

  CircuitContext context() {
    return context;
  }

  CallMetrics metrics() {
    return metrics;
  }

  MachineState machine() {
    return machine;
  }

  void resetMetrics() {
    metrics = new CallMetrics(context.lateResults());
  }

  synchronized void addListener(CircuitBreakerListener listener) {
    List<CircuitBreakerListener> more = new ArrayList<>(listeners);
    more.add(listener);
    listeners = List.copyOf(more);
  }

  /** What has to do with the store; made when first needed, since most circuits never need it. */
  StoreLink link() {
    StoreLink existing = link;
    return existing != null ? existing : createLink();
  }

  boolean hasLink() {
    return link != null;
  }

  private synchronized StoreLink createLink() {
    StoreLink existing = link;
    if (existing != null) {
      return existing;
    }
    StoreLink created = new StoreLink();
    link = created;
    return created;
  }

  // --- admission

  private static final Admitted REJECTED = new Admitted.Now(null);

  Admitted admit() {
    long now = context.time().nanoTime();
    while (true) {
      MachineState s = machine;
      if (s.isEvicted()) {
        return registry.circuit(businessId).admit();
      }
      switch (StateMachine.admission(s, config, now)) {
        case RUN -> {
          return new Admitted.Now(new Attempt(this, s.generation(), false, now));
        }
        case REJECT -> {
          return REJECTED;
        }
        case TRIAL -> {
          MachineState running = running(s);
          if (MACHINE.compareAndSet(this, s, running)) {
            return new Admitted.Now(new Attempt(this, running.generation(), true, now));
          }
        }
        case CLAIM -> {
          String token = context.store().newToken();
          Trial claiming =
              new Trial(token, Phase.CLAIMING, now + StateMachine.lease(config).toNanos());
          if (MACHINE.compareAndSet(this, s, s.withTrial(claiming))) {
            return new Admitted.Claiming(context.store().claim(this, token));
          }
        }
      }
    }
  }

  private static MachineState running(MachineState s) {
    Trial trial = s.trial();
    return trial == null ? s : s.withTrial(trial.in(Phase.RUNNING));
  }

  /**
   * The trial is ours, by the store's word ({@code row}) or, while the store does not answer, by
   * our own.
   *
   * @param sentNanos when the lease was asked for: it counts from then, to be sure to end before
   *     the store's
   */
  void trialGranted(
      String token,
      long sentNanos,
      @Nullable CircuitBreakerStoreState row,
      CompletableFuture<@Nullable Attempt> caller) {
    long until = sentNanos + StateMachine.lease(config).toNanos();
    Trial trial = new Trial(token, Phase.READY, until);
    MachineState granted = transition(s -> StoreMerge.granted(s, trial, row), "recovery");
    if (granted.trial() != trial) {
      caller.complete(null);
      return;
    }
    MachineState running = granted.withTrial(trial.in(Phase.RUNNING));
    if (caller.isDone() || !MACHINE.compareAndSet(this, granted, running)) {
      caller.complete(null);
      return;
    }
    Attempt attempt = new Attempt(this, running.generation(), true, context.time().nanoTime());
    if (!caller.complete(attempt)) {
      // The caller gave up between the two checks: the attempt never ran, so the lease goes to the
      // next call.
      attempt.compareAndSet(false, true);
      attempt.metrics().started.decrement();
      MACHINE.compareAndSet(this, running, granted);
    }
  }

  /** The claim was refused: whoever holds the trial is known from {@code current}. */
  void trialRefused(String token) {
    MACHINE.updateAndGet(
        this,
        s -> {
          Trial trial = s.trial();
          return trial != null && trial.phase() == Phase.CLAIMING && trial.token().equals(token)
              ? s.withTrial(null)
              : s;
        });
  }

  // --- settling

  void settle(Attempt attempt, Outcome.Kind kind, @Nullable Throwable error, String code) {
    long now = context.time().nanoTime();
    long elapsed = now - attempt.startNanos();
    Outcome outcome =
        switch (kind) {
          case SUCCESS -> needsDuration() ? new Outcome(kind, elapsed, null) : Outcome.SUCCESS;
          case IGNORED -> Outcome.IGNORED;
          case FAILURE, TIMEOUT -> new Outcome(kind, elapsed, code);
        };
    boolean heard = kind != Outcome.Kind.IGNORED && context.events().isHeard(listeners);
    CallEvent event =
        heard
            ? new CallEvent(
                businessId,
                Duration.ofNanos(elapsed),
                kind == Outcome.Kind.TIMEOUT,
                error,
                context.time().now())
            : null;
    settle(attempt, outcome, event, now);
  }

  private void settle(Attempt attempt, Outcome outcome, @Nullable CallEvent event, long now) {
    while (true) {
      MachineState s = machine;
      if (s.isEvicted()) {
        registry.circuit(businessId).settle(attempt, outcome, event, now);
        return;
      }
      if (s.generation() != attempt.generation() || (attempt.isTrial() && leaseIsOver(s, now))) {
        attempt.metrics().uncounted.incrementAndGet();
        if (outcome.kind() != Outcome.Kind.IGNORED) {
          attempt.cameLate();
        }
        return;
      }
      MachineState next = StateMachine.settle(s, outcome, config, now);
      MachineState after = replace(s, next, reasonOf(s, outcome), event, outcome);
      if (after != null) {
        attempt.metrics().count(outcome);
        if (after != s) {
          context.store().changed(this, after);
        }
        return;
      }
    }
  }

  private static boolean leaseIsOver(MachineState s, long now) {
    return s.trial() == null || s.trial().hasExpired(now);
  }

  private boolean needsDuration() {
    return config.tripPolicy() instanceof Rate;
  }

  private static String reasonOf(MachineState s, Outcome outcome) {
    if (s.state() == CircuitBreakerState.CLOSED) {
      return "failures";
    }
    return outcome.kind() == Outcome.Kind.SUCCESS ? "trial_succeeded" : "trial_failed";
  }

  // --- orders of an operator, and rows of the store

  void order(UnaryOperator<MachineState> order, String reason) {
    if (machine.isEvicted()) {
      registry.circuit(businessId).order(order, reason);
      return;
    }
    MachineState next = transition(order, reason);
    context.store().changed(this, next);
  }

  /** Another instance's row, or the first reading. */
  void observe(CircuitBreakerStoreState row) {
    if (row.version() == 0
        && MACHINE.compareAndSet(this, MachineState.INITIAL, MachineState.INITIAL_LOADED)) {
      return;
    }
    long now = context.time().nanoTime();
    boolean trialWasPending = machine.settledToken() != null;
    MachineState next =
        transition(s -> s.isEvicted() ? s : StoreMerge.rebased(s, row, config, now), "store");
    if (trialWasPending && next.settledToken() == null) {
      metrics.cameLate();
    }
  }

  void acknowledged(MachineState written, CircuitBreakerStoreState row) {
    long now = context.time().nanoTime();
    MACHINE.updateAndGet(this, s -> StoreMerge.acknowledged(s, written, row, now));
  }

  /** Gives a lease that this instance holds back: its attempt, if one runs, no longer counts. */
  void releaseTrial() {
    MachineState next =
        MACHINE.updateAndGet(
            this, s -> s.trial() != null && s.trial().isOurs() ? s.halfOpen(null) : s);
    context.store().changed(this, next);
  }

  // --- changing the state

  /** A change that may be a transition: then it has an event. Returns the state after it. */
  private MachineState transition(UnaryOperator<MachineState> function, String reason) {
    while (true) {
      MachineState s = machine;
      MachineState after = replace(s, function.apply(s), reason, null, Outcome.SUCCESS);
      if (after != null) {
        return after;
      }
    }
  }

  /**
   * The state that took the place of {@code s}; {@code null} if {@code s} was no longer the present
   * one.
   */
  private @Nullable MachineState replace(
      MachineState s,
      MachineState next,
      String reason,
      @Nullable CallEvent event,
      Outcome outcome) {
    if (s.state() == next.state()) {
      if (s != next && !MACHINE.compareAndSet(this, s, next)) {
        return null;
      }
      tell(event, outcome);
      return next;
    }
    MachineState stamped = next.stamped(context.time().now());
    synchronized (this) {
      if (!MACHINE.compareAndSet(this, s, stamped)) {
        return null;
      }
      tell(event, outcome);
      announce(s, stamped, reason);
    }
    return stamped;
  }

  private void tell(@Nullable CallEvent event, Outcome outcome) {
    if (event == null) {
      return;
    }
    if (outcome.isFailure()) {
      context.events().dispatch(listeners, listener -> listener.onFailure(event));
    } else {
      context.events().dispatch(listeners, listener -> listener.onSuccess(event));
    }
  }

  private void announce(MachineState from, MachineState to, String reason) {
    metrics.stateChanges.incrementAndGet();
    StateChange change =
        new StateChange(
            businessId,
            from.state(),
            to.state(),
            reason,
            to.state() == CircuitBreakerState.CLOSED ? from.failureCount() : to.failureCount(),
            to.lastErrorCode(),
            Objects.requireNonNull(to.lastStateChange()));
    context.events().dispatch(listeners, listener -> listener.onStateChange(change));
  }

  // --- fallbacks and eviction

  /** The sentence for a caller who gets no answer. Two in a row differ. */
  FallbackResponse speak(FallbackType type, @Nullable String language) {
    FallbackResponse response = context.sentence(businessId, type, language, rotation);
    metrics.fallbacks.incrementAndGet();
    if (context.events().isHeard(listeners)) {
      FallbackEvent event =
          new FallbackEvent(businessId, type, response.language(), context.time().now());
      context.events().dispatch(listeners, listener -> listener.onFallback(event));
    }
    return response;
  }

  /** Takes the circuit out of use if it is idle and CLOSED and the store knows all of it. */
  boolean evict() {
    MachineState s = machine;
    boolean idle =
        s.state() == CircuitBreakerState.CLOSED
            && s.hold() == Hold.NONE
            && context.store().knows(s)
            && s.failureCount() == 0
            && listeners.isEmpty()
            && metrics.inFlight() == 0;
    return idle && MACHINE.compareAndSet(this, s, MachineState.EVICTED);
  }
}
