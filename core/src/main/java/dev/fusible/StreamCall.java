package dev.fusible;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One subscriber's run of a guarded stream: the subscription that it holds, and the subscriber of
 * the operation's publisher.
 *
 * <p>The stream is over for one reason, decided by one compare-and-set on {@link #end}: it was
 * complete, a limit passed, it failed, it was rejected, or the subscriber cancelled. Who decides it
 * settles the attempt and cancels upstream. The subscriber's signals are kept one after the other
 * by {@link #signals}: an item is passed on by the thread that brought it, and the last signals by
 * whoever comes to them first.
 */
final class StreamCall<T> implements Flow.Subscription, Flow.Subscriber<T> {

  /** How a stream ended; what is left to say is the fallback item, if any, and the last signal. */
  private record End<T>(@Nullable T item, @Nullable Throwable error, boolean silent) {}

  private static final End<?> NOTHING_TO_SAY = new End<>(null, null, true);

  private final Circuit circuit;
  private final @Nullable String language;
  private final StreamOptions<T> options;
  private final Flow.Subscriber<? super T> downstream;
  private final long startNanos;
  private final AtomicReference<@Nullable End<T>> end = new AtomicReference<>();
  private final AtomicReference<Flow.@Nullable Subscription> upstream = new AtomicReference<>();
  private final AtomicLong demand = new AtomicLong();
  private final AtomicInteger signals = new AtomicInteger();
  private final AtomicReference<@Nullable Cancellable> timer = new AtomicReference<>();
  private volatile @Nullable Attempt attempt;
  private volatile boolean heard;
  private volatile boolean proven;
  private volatile long silentSinceNanos;
  private boolean said;
  private boolean finished;

  StreamCall(
      Circuit circuit,
      @Nullable String language,
      StreamOptions<T> options,
      Flow.Subscriber<? super T> downstream,
      long startNanos) {
    this.circuit = circuit;
    this.language = language;
    this.options = options;
    this.downstream = downstream;
    this.startNanos = startNanos;
    this.silentSinceNanos = startNanos;
  }

  void rejected() {
    if (end.get() == null) {
      endWith(FallbackType.CIRCUIT_OPEN, null);
    }
  }

  void start(Attempt granted, Supplier<? extends Flow.Publisher<? extends T>> operation) {
    attempt = granted;
    if (end.get() != null) {
      granted.ignored();
      return;
    }
    armNext();
    try {
      operation.get().subscribe(this);
    } catch (Throwable error) {
      onError(error);
    }
  }

  // --- limits

  /** Arms the timer for the limit that falls due next. */
  private void armNext() {
    long now = circuit.context().time().nanoTime();
    long next = nextDueIn(now);
    if (next == Long.MAX_VALUE || end.get() != null) {
      return;
    }
    Cancellable armed =
        circuit.context().time().schedule(this::look, Duration.ofNanos(Math.max(0, next)));
    Cancellable before = timer.getAndSet(armed);
    if (before != null) {
      before.cancel();
    }
    if (end.get() != null) {
      armed.cancel();
    }
  }

  private long nextDueIn(long now) {
    long next = demand.get() > 0 ? silenceDueIn(now) : Long.MAX_VALUE;
    if (!options.total().isZero()) {
      next = Math.min(next, options.total().toNanos() - (now - startNanos));
    }
    if (isUnprovenTrial()) {
      next = Math.min(next, circuit.config().timeout().toNanos() - (now - startNanos));
    }
    return next;
  }

  private long silenceDueIn(long now) {
    Duration limit = heard ? options.stall() : options.firstItem();
    return limit.isZero() ? Long.MAX_VALUE : limit.toNanos() - (now - silentSinceNanos);
  }

  private boolean isUnprovenTrial() {
    Attempt running = attempt;
    return running != null && running.isTrial() && !proven && !circuit.config().timeout().isZero();
  }

  /** The timer fired: a limit has passed, or items have moved it on. */
  private void look() {
    long now = circuit.context().time().nanoTime();
    boolean silent = demand.get() > 0 && silenceDueIn(now) <= 0;
    boolean over = !options.total().isZero() && now - startNanos >= options.total().toNanos();
    if (silent || over) {
      limitPassed();
      return;
    }
    if (isUnprovenTrial() && now - startNanos >= circuit.config().timeout().toNanos()) {
      proven = true;
      if (heard) {
        // A trial that still speaks when an operation's time is over has proved itself: its lease
        // need not last
        // as long as a long answer does.
        attemptOrThrow().completed();
      }
    }
    armNext();
  }

  private void limitPassed() {
    Attempt running = attemptOrThrow();
    if (end.get() == null && (running.timedOut() || proven)) {
      cancelUpstream();
      endWith(FallbackType.TIMEOUT, null);
    }
  }

  private Attempt attemptOrThrow() {
    return Objects.requireNonNull(attempt);
  }

  // --- from upstream

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    if (!upstream.compareAndSet(null, subscription) || end.get() != null) {
      subscription.cancel();
      return;
    }
    long asked = demand.get();
    if (asked > 0) {
      subscription.request(asked);
    }
  }

  @Override
  public void onNext(T item) {
    Objects.requireNonNull(item, "item");
    if (end.get() != null) {
      return;
    }
    try {
      if (options.speakable().test(item)) {
        silentSinceNanos = circuit.context().time().nanoTime();
        if (!heard) {
          heard = true;
          armNext();
        }
      }
    } catch (RuntimeException brokenPredicate) {
      onError(brokenPredicate);
      return;
    }
    // Upstream's signals come one after the other: if somebody is here already, it is either this
    // very thread, whose
    // subscriber asked for more in the midst of an item, or the thread that says the end, and then
    // the item is late.
    boolean outermost = signals.getAndIncrement() == 0;
    if (end.get() == null) {
      if (demand.get() != Long.MAX_VALUE) {
        demand.decrementAndGet();
      }
      downstream.onNext(item);
    }
    if (outermost) {
      leave();
    }
  }

  @Override
  public void onError(Throwable error) {
    Objects.requireNonNull(error, "error");
    Attempt running = attemptOrThrow();
    if (end.get() != null) {
      return;
    }
    if (running.failed(error) || proven) {
      cancelUpstream();
      if (error instanceof Error) {
        endWith(new End<>(null, error, false));
      } else {
        endWith(FallbackType.SYSTEM_ERROR, error);
      }
    }
  }

  @Override
  public void onComplete() {
    Attempt running = attemptOrThrow();
    if (end.get() == null && (running.completed() || proven)) {
      endWith(new End<>(null, null, false));
    }
  }

  // --- from the subscriber

  @Override
  public void request(long n) {
    if (n <= 0) {
      if (end.get() == null) {
        stop();
        endWith(
            new End<>(null, new IllegalArgumentException("request must be for at least 1"), false));
      }
      return;
    }
    long before = demand.getAndUpdate(d -> d + n < 0 ? Long.MAX_VALUE : d + n);
    if (before == 0 && attempt != null) {
      // Silence is upstream's only while something is asked of it.
      if (heard) {
        silentSinceNanos = circuit.context().time().nanoTime();
      }
      armNext();
    }
    Flow.Subscription subscription = upstream.get();
    if (end.get() != null) {
      speak();
    } else if (subscription != null) {
      subscription.request(n);
    }
  }

  @Override
  public void cancel() {
    @SuppressWarnings("unchecked")
    End<T> silence = (End<T>) NOTHING_TO_SAY;
    if (end.compareAndSet(null, silence)) {
      disarm();
      stop();
    } else {
      end.set(silence);
    }
  }

  private void stop() {
    Attempt running = attempt;
    if (running != null) {
      running.ignored();
    }
    cancelUpstream();
  }

  private void cancelUpstream() {
    Flow.Subscription subscription = upstream.get();
    if (subscription != null) {
      subscription.cancel();
    }
  }

  // --- the end

  private void endWith(FallbackType type, @Nullable Throwable cause) {
    End<T> reached;
    try {
      ExecutionResult.Fallback<T> fallback =
          Answer.fallback(circuit, language, type, cause, startNanos);
      reached = new End<>(options.fallback().apply(fallback), null, false);
    } catch (RuntimeException brokenFallback) {
      reached = new End<>(null, brokenFallback, false);
    }
    endWith(reached);
  }

  private void endWith(End<T> reached) {
    if (end.compareAndSet(null, reached)) {
      disarm();
      speak();
    }
  }

  private void disarm() {
    Cancellable armed = timer.getAndSet(null);
    if (armed != null) {
      armed.cancel();
    }
  }

  /** Says what is left to say, unless somebody is giving a signal: then that thread says it. */
  private void speak() {
    if (signals.getAndIncrement() == 0) {
      leave();
    }
  }

  private void leave() {
    int missed = 1;
    do {
      sayTheRest();
      missed = signals.addAndGet(-missed);
    } while (missed != 0);
  }

  private void sayTheRest() {
    End<T> reached = end.get();
    if (reached == null || reached.silent() || finished) {
      return;
    }
    T item = reached.item();
    if (item != null && !said) {
      if (demand.get() == 0) {
        return;
      }
      said = true;
      demand.updateAndGet(d -> d == Long.MAX_VALUE ? d : d - 1);
      downstream.onNext(item);
    }
    End<T> still = end.get();
    if (still == null || still.silent()) {
      return;
    }
    finished = true;
    if (reached.error() != null) {
      downstream.onError(reached.error());
    } else {
      downstream.onComplete();
    }
  }
}
