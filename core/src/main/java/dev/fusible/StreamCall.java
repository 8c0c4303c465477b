package dev.fusible;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One subscriber's run of a guarded stream: the subscription that it holds, and the subscriber of
 * the operation's publisher.
 *
 * <p>The stream is over for its subscriber for one reason, decided by one compare-and-set on {@link
 * #stage}: it was complete, a limit passed, it failed, it was rejected, or the subscriber
 * cancelled. Who decides it settles the attempt, says the last signals ({@link Downstream}) and
 * cancels upstream. A trial whose subscriber has waited long enough goes on without it: what comes
 * of it then is heard by nobody, and settles the attempt alone.
 */
final class StreamCall<T> implements Flow.Subscription, Flow.Subscriber<T> {

  private enum Stage {
    /** The subscriber hears what comes. */
    ATTACHED,
    /** The subscriber has been answered; the trial goes on. */
    DETACHED,
    OVER
  }

  private final Circuit circuit;
  private final @Nullable String language;
  private final StreamOptions<T> options;
  private final long startNanos;
  private final StreamLimits limits;
  private final Downstream<T> downstream;
  private final Upstream upstream = new Upstream(this::fail);
  private final AtomicReference<Stage> stage = new AtomicReference<>(Stage.ATTACHED);
  private volatile @Nullable Attempt attempt;

  /** Whether the time of a trial is over, so that it has settled already. */
  private volatile boolean trialIsOver;

  /** What a predicate threw: the attempt is a failure, and the stream goes on as it is. */
  private volatile @Nullable Throwable brokenPredicate;

  private final AtomicInteger arming = new AtomicInteger();
  private volatile @Nullable Cancellable timer;
  private volatile boolean fired;
  private long armedForNanos;

  /**
   * @param startNanos when the caller began to wait
   */
  StreamCall(
      Circuit circuit,
      @Nullable String language,
      StreamOptions<T> options,
      Flow.Subscriber<? super T> subscriber,
      long startNanos) {
    this.circuit = circuit;
    this.language = language;
    this.options = options;
    this.startNanos = startNanos;
    this.limits = new StreamLimits(options, startNanos, now());
    this.downstream = new Downstream<>(subscriber, limits, circuit.context().time());
  }

  private long now() {
    return circuit.context().time().nanoTime();
  }

  boolean isOver() {
    return stage.get() == Stage.OVER;
  }

  void rejected() {
    if (moves(Stage.ATTACHED, Stage.OVER)) {
      say(FallbackType.CIRCUIT_OPEN, null);
    }
  }

  /**
   * Starts the operation, unless the subscriber cancelled before.
   *
   * @return whether it did
   */
  boolean start(Attempt granted, Supplier<? extends Flow.Publisher<? extends T>> operation) {
    attempt = granted;
    if (isOver()) {
      granted.ignored();
      return false;
    }
    Duration timeout = circuit.config().timeout();
    if (granted.isTrial() && !timeout.isZero()) {
      Duration patience = circuit.config().trialPatience();
      limits.shortenFirst(patience.compareTo(timeout) < 0 ? patience : timeout);
    }
    arm();
    try {
      operation.get().subscribe(this);
    } catch (Throwable error) {
      fail(error);
    }
    return true;
  }

  /** Starts a trial whose caller has been answered before there was a stream. */
  void startUnheard(Attempt granted, Supplier<? extends Flow.Publisher<? extends T>> operation) {
    downstream.silence();
    stage.set(Stage.DETACHED);
    upstream.request(Long.MAX_VALUE);
    start(granted, operation);
  }

  private boolean moves(Stage from, Stage to) {
    return stage.compareAndSet(from, to);
  }

  // --- limits

  /** Sees to it that a timer fires when the next limit passes. One thread at a time does it. */
  private void arm() {
    if (arming.getAndIncrement() != 0) {
      return;
    }
    int missed = 1;
    do {
      armOnce();
      missed = arming.addAndGet(-missed);
    } while (missed != 0);
  }

  private void armOnce() {
    long now = now();
    long next = nextDueIn(now);
    if (next == StreamLimits.NEVER || isOver()) {
      return;
    }
    Cancellable before = timer;
    if (before != null) {
      if (!fired && armedForNanos - (now + next) <= 0) {
        // It fires early enough to look again: items that come meanwhile cost no timer.
        return;
      }
      before.cancel();
    }
    fired = false;
    armedForNanos = now + next;
    timer = circuit.context().time().schedule(this::look, Duration.ofNanos(Math.max(0, next)));
    if (isOver()) {
      disarm();
    }
  }

  private void disarm() {
    Cancellable armed = timer;
    if (armed != null) {
      armed.cancel();
    }
  }

  private long nextDueIn(long now) {
    long next = Math.min(limits.totalDueIn(now), trialDueIn(now));
    return stage.get() == Stage.DETACHED ? next : Math.min(next, limits.silenceDueIn(now));
  }

  private long trialDueIn(long now) {
    Attempt running = attempt;
    Duration timeout = circuit.config().timeout();
    boolean limited = running != null && running.isTrial() && !trialIsOver && !timeout.isZero();
    // Until something was heard, its subscriber's patience ends first.
    boolean counts = limited && (limits.hasHeard() || stage.get() == Stage.DETACHED);
    return counts ? timeout.toNanos() - (now - startNanos) : StreamLimits.NEVER;
  }

  /** The timer fired: a limit has passed, or items have moved it on. */
  private void look() {
    fired = true;
    long now = now();
    boolean trialIsDue = trialDueIn(now) <= 0;
    boolean totalIsDue = limits.totalDueIn(now) <= 0;
    if (stage.get() == Stage.DETACHED) {
      if (trialIsDue || totalIsDue) {
        endDetached(Attempt::timedOut);
      }
    } else if (limits.silenceDueIn(now) <= 0) {
      silentTooLong(now);
    } else if (totalIsDue) {
      limitPassed();
    } else if (trialIsDue) {
      settleTrial();
    }
    arm();
  }

  private void silentTooLong(long now) {
    boolean unheardTrial = attemptOrThrow().isTrial() && !limits.hasHeard();
    Duration timeout = circuit.config().timeout();
    if (unheardTrial && !timeout.isZero() && now - startNanos < timeout.toNanos()) {
      detach();
    } else {
      limitPassed();
    }
  }

  private void limitPassed() {
    if (moves(Stage.ATTACHED, Stage.OVER)) {
      attemptOrThrow().timedOut();
      disarm();
      say(FallbackType.TIMEOUT, null);
      upstream.cancel();
    }
  }

  /**
   * A trial that has spoken when an operation's time is over has proved itself: its lease need not
   * last as long as a long answer does.
   */
  private void settleTrial() {
    trialIsOver = true;
    attemptOrThrow().proved();
  }

  private void detach() {
    if (moves(Stage.ATTACHED, Stage.DETACHED)) {
      say(FallbackType.TIMEOUT, null);
      upstream.request(Long.MAX_VALUE);
    }
  }

  private void endDetached(Consumer<Attempt> settling) {
    if (moves(Stage.DETACHED, Stage.OVER)) {
      settling.accept(attemptOrThrow());
      disarm();
      upstream.cancel();
    }
  }

  private Attempt attemptOrThrow() {
    return Objects.requireNonNull(attempt);
  }

  // --- from upstream

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    upstream.begin(Objects.requireNonNull(subscription, "subscription"));
  }

  @Override
  public void onNext(T item) {
    Objects.requireNonNull(item, "item");
    if (isOver()) {
      return;
    }
    boolean speakable = hear(item);
    if (pass(item) == Downstream.Fate.UNASKED) {
      fail(new IllegalStateException("upstream sent more than it was asked for"));
    } else if (speakable) {
      endDetached(this::completed);
    }
  }

  private Downstream.Fate pass(T item) {
    try {
      return downstream.pass(item);
    } catch (Throwable broken) {
      cancel();
      throw broken;
    }
  }

  /** Whether the item is something to hear. A predicate that throws has heard something. */
  private boolean hear(T item) {
    int words = 0;
    try {
      if (!options.speakable().test(item)) {
        return false;
      }
      Pace<? super T> pace = options.pace();
      words = pace == null ? 0 : pace.words().applyAsInt(item);
    } catch (Throwable broken) {
      brokenPredicate = broken;
      words = Integer.MAX_VALUE;
    }
    if (limits.hear(words, now())) {
      arm();
    }
    return true;
  }

  @Override
  public void onError(Throwable error) {
    Objects.requireNonNull(error, "error");
    upstream.ended();
    fail(error);
  }

  private void fail(Throwable error) {
    if (moves(Stage.ATTACHED, Stage.OVER)) {
      attemptOrThrow().failed(error);
      disarm();
      if (error instanceof Error || isPassedOn(error)) {
        downstream.end(null, error);
      } else {
        say(FallbackType.SYSTEM_ERROR, error);
      }
      upstream.cancel();
    } else {
      endDetached(running -> running.failed(error));
    }
  }

  private boolean isPassedOn(Throwable error) {
    try {
      return options.passOn().test(error);
    } catch (RuntimeException broken) {
      return false;
    }
  }

  @Override
  public void onComplete() {
    upstream.ended();
    if (moves(Stage.ATTACHED, Stage.OVER)) {
      completed(attemptOrThrow());
      disarm();
      downstream.end(null, null);
    } else {
      endDetached(this::completed);
    }
  }

  private void completed(Attempt running) {
    Throwable broken = brokenPredicate;
    if (broken == null) {
      running.completed();
    } else {
      running.failed(broken);
    }
  }

  // --- from the subscriber

  @Override
  public void request(long n) {
    if (n <= 0) {
      if (moves(Stage.ATTACHED, Stage.OVER)) {
        stop();
        downstream.end(null, new IllegalArgumentException("request must be for at least 1"));
      }
      return;
    }
    limits.asked(n, now());
    if (stage.get() == Stage.ATTACHED) {
      if (attempt != null) {
        arm();
      }
      upstream.request(n);
    }
    // Also where the end came in the midst of this: its item may have waited for the request.
    downstream.sayTheRest();
  }

  @Override
  public void cancel() {
    downstream.silence();
    if (moves(Stage.ATTACHED, Stage.OVER)) {
      stop();
    }
  }

  private void stop() {
    Attempt running = attempt;
    if (running != null) {
      running.ignored();
    }
    disarm();
    upstream.cancel();
  }

  // --- the end

  private void say(FallbackType type, @Nullable Throwable cause) {
    T item = null;
    Throwable error = null;
    try {
      ExecutionResult.Fallback<T> fallback =
          Answer.fallback(circuit, language, type, cause, startNanos);
      item = options.fallback().apply(fallback);
    } catch (Throwable brokenFallback) {
      error = brokenFallback;
    }
    downstream.end(item, error);
  }
}
