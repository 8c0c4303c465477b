package dev.fusible;

import dev.fusible.CallMetrics.Count;
import dev.fusible.Trial.Phase;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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
 *       another one and only counts it as late. A trial carries the token of its lease: once
 *       another one is asked for, its result is late.
 *   <li><b>Two callers for one trial</b>: the claim is itself a compare-and-set to CLAIMING; the
 *       loser is rejected.
 *   <li><b>A claim against its caller's patience</b>: the future of the claim is completed once:
 *       with the attempt, and then the caller has it; or given up by the caller, and then the lease
 *       is kept READY for the next call.
 *   <li><b>Two transitions, and the order of their events</b>: a transition's compare-and-set and
 *       the queuing of its event happen under a lock of this circuit's, so events are queued in the
 *       order of the transitions. Besides, what a first failure or a crowd needs is made under it,
 *       once; counting takes no lock.
 *   <li><b>A call against eviction</b>: eviction is a compare-and-set to {@link
 *       MachineState#EVICTED}, which nothing changes any more. A call, an order or a row that finds
 *       it goes to the circuit's successor; so does the result of an attempt that was admitted just
 *       before: it counts while the successor is in its first generation.
 *   <li><b>The store against local calls</b>: see {@link StoreMerge}; a row arrives by the same
 *       compare-and-set.
 * </ul>
 */
final class Circuit extends Shortcut implements Passage {

  private static final AtomicReferenceFieldUpdater<Circuit, MachineState> MACHINE =
      AtomicReferenceFieldUpdater.newUpdater(Circuit.class, MachineState.class, "machine");

  private static final List<CircuitBreakerListener> NOBODY = List.of();

  private final String businessId;
  private volatile MachineState machine;
  private volatile List<CircuitBreakerListener> listeners = NOBODY;
  private volatile @Nullable StoreLink link;

  Circuit(String businessId, CircuitBreakerConfig config, CircuitContext context) {
    super(config, context, CircuitId.isUpstream(businessId));
    this.businessId = businessId;
    this.machine = isUpstream() ? context.upstreamStart() : MachineState.INITIAL;
  }

  /** The store's key: a {@link CircuitId}. */
  String businessId() {
    return businessId;
  }

  MachineState machine() {
    return machine;
  }

  List<CircuitBreakerListener> listeners() {
    return listeners;
  }

  /** The same business's circuit as it was made, to take the place of this one. */
  Circuit anew() {
    return new Circuit(businessId, config, context);
  }

  private Circuit successor() {
    return context.registry().successor(this);
  }

  /** Returns whether it was added: an evicted circuit takes no listener. */
  synchronized boolean addListener(CircuitBreakerListener listener) {
    if (machine.isEvicted()) {
      return false;
    }
    List<CircuitBreakerListener> more = new ArrayList<>(listeners);
    more.add(listener);
    listeners = List.copyOf(more);
    return true;
  }

  /** What has to do with the store; made when first needed, since most circuits never need it. */
  StoreLink link() {
    if (link == null) {
      synchronized (this) {
        link = link == null ? new StoreLink() : link;
      }
    }
    return Objects.requireNonNull(link);
  }

  boolean hasLink() {
    return link != null;
  }

  // --- admission

  private static final Admitted REJECTED = new Admitted.Now(null);

  /** A call of {@code business} begins: an upstream's circuit takes notice. */
  void hearOf(String business, long now) {
    Witnesses known = machine.witnesses();
    if (known != null && !known.know(business, now)) {
      update(s -> s.witnesses() == null ? s : s.with(s.witnesses().seen(business, now)));
    }
  }

  @Override
  boolean isMeasured() {
    return super.isMeasured() || listeners != NOBODY;
  }

  /** Whether anybody hears of its calls. */
  boolean isHeard() {
    return listeners != NOBODY || context.events().isHeard();
  }

  @Override
  public Circuit own() {
    return this;
  }

  @Override
  public Circuit present(UnaryOperator<Circuit> successor) {
    return machine.isEvicted() ? successor.apply(this) : this;
  }

  @Override
  public Admitted admit() {
    long now = context.time().nanoTime();
    while (true) {
      MachineState s = machine;
      if (s.isEvicted()) {
        return successor().admit();
      }
      switch (StateMachine.admission(s, config, now)) {
        case RUN -> {
          return new Admitted.Now(new Attempt(this, s.generation(), null, now));
        }
        case REJECT -> {
          return REJECTED;
        }
        case TRIAL -> {
          Trial trial = Objects.requireNonNull(s.trial()).in(Phase.RUNNING);
          if (MACHINE.compareAndSet(this, s, s.withTrial(trial))) {
            return new Admitted.Now(new Attempt(this, s.generation(), trial.token(), now));
          }
        }
        case CLAIM -> {
          String token = context.store().newToken();
          boolean asks = !s.untold() && !context.store().isAlone();
          Trial claiming =
              new Trial(
                  token,
                  asks ? Phase.CLAIMING : Phase.RUNNING,
                  now + StateMachine.lease(config).toNanos());
          if (!asks) {
            MachineState trying = StateMachine.unaskedTrial(s, claiming);
            trying = replace(s, trying, "recovery", null, Outcome.IGNORED, null);
            if (trying != null) {
              return new Admitted.Now(new Attempt(this, trying.generation(), token, now));
            }
          } else if (MACHINE.compareAndSet(this, s, s.withTrial(claiming))) {
            return new Admitted.Claiming(context.store().claim(this, token));
          }
        }
      }
    }
  }

  // --- settling

  void settle(Attempt attempt, Outcome.Kind kind, @Nullable Throwable error, String code) {
    long now = attempt.isMeasured() ? context.time().nanoTime() : 0;
    long elapsed = attempt.elapsedNanos(now);
    Outcome outcome = Outcome.of(kind, elapsed, code, config.tripPolicy() instanceof Rate);
    boolean isTold = attempt.business() == null && attempt.isMeasured();
    CallEvent event = isTold ? CircuitEvents.ended(this, kind, elapsed, error) : null;
    settle(attempt, outcome, event, now);
  }

  private void settle(Attempt attempt, Outcome outcome, @Nullable CallEvent event, long read) {
    while (true) {
      MachineState s = machine;
      if (s.isEvicted()) {
        successor().settle(attempt, outcome, event, read);
        return;
      }
      // An attempt that nobody measures is no trial, so time matters if it opens the circuit.
      long now =
          attempt.isMeasured() || !outcome.isFailure() || !StateMachine.isNearOpening(s, config)
              ? read
              : context.time().nanoTime();
      if (!hasSay(attempt, s, now)) {
        attempt.circuit().add(Count.UNCOUNTED);
        if (outcome.kind() != Outcome.Kind.IGNORED) {
          attempt.cameLate();
        }
        return;
      }
      MachineState next = StateMachine.settle(s, outcome, attempt.business(), config, now);
      MachineState after =
          replace(s, next, StateMachine.reasonOf(s, outcome), attempt, outcome, event);
      if (after != null) {
        if (after != s) {
          context.store().changed(this, after);
        }
        return;
      }
    }
  }

  /** Whether a result of the attempt would still change anything. */
  boolean hasSay(Attempt attempt) {
    return hasSay(attempt, machine, context.time().nanoTime());
  }

  private boolean hasSay(Attempt attempt, MachineState s, long now) {
    String token = attempt.token();
    if (token != null) {
      Trial trial = s.trial();
      return trial != null
          && trial.isOurs()
          && trial.token().equals(token)
          && !trial.hasExpired(now);
    }
    return s.generation()
        == (attempt.circuit() == this ? attempt.generation() : MachineState.INITIAL.generation());
  }

  // --- orders of an operator, and rows of the store

  void order(UnaryOperator<MachineState> order, String reason) {
    MachineState next = transition(order, reason);
    if (next.isEvicted()) {
      successor().order(order, reason);
    } else {
      context.store().changed(this, next);
    }
  }

  /** A first reading that found no row: nothing to merge, and nothing to allocate. */
  boolean isLoadedAsNew() {
    MachineState s = machine;
    MachineState read = Healthy.read(s);
    return read != null && (MACHINE.compareAndSet(this, s, read) || isLoadedAsNew());
  }

  /** Another instance's row, or the first reading. */
  void observe(CircuitBreakerStoreState row) {
    long now = context.time().nanoTime();
    boolean trialWasPending = machine.settledToken() != null;
    MachineState next = transition(s -> StoreMerge.rebased(s, row, config, now), "store");
    if (trialWasPending && next.settledToken() == null) {
      cameLate(context.lateResults());
    }
  }

  void acknowledged(MachineState written, CircuitBreakerStoreState row) {
    long now = context.time().nanoTime();
    update(s -> StoreMerge.acknowledged(s, written, row, now));
  }

  // --- changing the state

  /** A change that is no transition. */
  MachineState update(UnaryOperator<MachineState> function) {
    return MACHINE.updateAndGet(this, s -> s.isEvicted() ? s : function.apply(s));
  }

  /** A change of exactly this state, which is no transition. */
  boolean replaced(MachineState s, MachineState next) {
    return MACHINE.compareAndSet(this, s, next);
  }

  /** A change that may be a transition: then it has an event. Returns the state after it. */
  MachineState transition(UnaryOperator<MachineState> function, String reason) {
    while (true) {
      MachineState s = machine;
      MachineState next = s.isEvicted() ? s : function.apply(s);
      MachineState after = replace(s, next, reason, null, Outcome.IGNORED, null);
      if (after != null) {
        return after;
      }
    }
  }

  /**
   * The state that took the place of {@code s}, with {@code attempt}, if any, settled by it; {@code
   * null} if {@code s} was no longer the present one.
   */
  private @Nullable MachineState replace(
      MachineState s,
      MachineState next,
      String reason,
      @Nullable Attempt attempt,
      Outcome outcome,
      @Nullable CallEvent event) {
    if (s.state() == next.state()) {
      if (s != next && !MACHINE.compareAndSet(this, s, next)) {
        return null;
      }
      settled(attempt, outcome, event);
      return next;
    }
    MachineState stamped = stamped(s, next);
    synchronized (this) {
      if (!MACHINE.compareAndSet(this, s, stamped)) {
        return null;
      }
      settled(attempt, outcome, event);
      add(Count.STATE_CHANGES);
      CircuitEvents.announce(this, s, stamped, reason);
    }
    return stamped;
  }

  /** A transition of our own happens now; one that came with a row has its time already. */
  private MachineState stamped(MachineState s, MachineState next) {
    Instant at = next.lastStateChange();
    return at == null || at == s.lastStateChange() ? next.stamped(context.time().now()) : next;
  }

  private void settled(@Nullable Attempt attempt, Outcome outcome, @Nullable CallEvent event) {
    if (attempt != null) {
      attempt.circuit().count(outcome);
      CircuitEvents.tell(this, event, outcome);
    }
  }

  // --- fallbacks and eviction

  /** The sentence for a caller who gets no answer. Two in a row differ. */
  FallbackResponse speak(FallbackType type, @Nullable String language) {
    FallbackResponse response = say(type, language);
    CircuitEvents.spoken(this, type, response.language());
    return response;
  }

  /** The same where nobody hears of it ({@link #isMeasured}). */
  FallbackResponse say(FallbackType type, @Nullable String language) {
    Trouble trouble = trouble();
    int unused = trouble.spoken.start();
    return context
        .speech()
        .sentence(isUpstream() ? null : businessId, type, language, trouble.rotation);
  }

  /** Takes the circuit out of use if it is idle and CLOSED and the store knows all of it. */
  synchronized boolean evict() {
    MachineState s = machine;
    StoreLink present = link;
    boolean idle =
        !s.isEvicted()
            && s.state() == CircuitBreakerState.CLOSED
            && s.hold() == Hold.NONE
            && context.store().knows(s)
            && s.failureCount() == 0
            && (s.witnesses() == null || s.witnesses().activeAt(context.time().nanoTime()) == 0)
            && listeners.isEmpty()
            && inFlight() == 0
            && (present == null || present.isIdle());
    return idle && MACHINE.compareAndSet(this, s, MachineState.EVICTED);
  }
}
