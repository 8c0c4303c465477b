package dev.fusible;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One business's circuit breaker, or the one that all businesses share for an upstream. Every call
 * gets an answer in time: the operation's own, or one short sentence to speak.
 *
 * <p>Thread-safe. Handles are light and may be kept: one survives its circuit's eviction from the
 * registry. Calls do not throw for an operation that failed; the result says so. What does come out
 * of a call: an {@link Error} of the operation, {@link CancellationException} when the calling
 * thread is interrupted (its flag is kept, and the attempt counts as neither), and {@link
 * IllegalStateException} after {@link VoiceCircuitBreakers#close()}.
 */
public final class VoiceCircuitBreaker {

  private final VoiceCircuitBreakers breakers;
  private final @Nullable String language;
  private volatile Passage passage;

  VoiceCircuitBreaker(VoiceCircuitBreakers breakers, Passage passage, @Nullable String language) {
    this.breakers = breakers;
    this.language = language;
    this.passage = passage;
  }

  /**
   * A handle on the same circuit whose sentences are spoken in {@code tag} where there are any,
   * else in the business's language, else in the default.
   *
   * @param tag a BCP 47 tag such as {@code es-MX}; one that is unknown or malformed does no harm
   */
  public VoiceCircuitBreaker inLanguage(String tag) {
    return new VoiceCircuitBreaker(breakers, passage, Objects.requireNonNull(tag, "tag"));
  }

  /**
   * Runs {@code operation} if the circuit lets it, and waits for it no longer than the configured
   * {@code timeout} (the first caller of a recovering circuit: {@code trialPatience}). With a
   * limit, the operation runs on a thread of the breakers' executor and is interrupted when its
   * time is over; with {@link Duration#ZERO} it runs on this thread.
   */
  public <T extends @Nullable Object> ExecutionResult<T> execute(Callable<? extends T> operation) {
    Passage passes = open();
    Circuit present = passes.own();
    long startNanos = present.context().time().nanoTime();
    Attempt attempt = admitted(passes);
    if (attempt == null) {
      return Answer.fallback(present, language, FallbackType.CIRCUIT_OPEN, null, startNanos);
    }
    return present.config().timeout().isZero()
        ? onThisThread(attempt, operation, startNanos)
        : new SyncCall<T>(attempt, language, operation, startNanos, Thread.currentThread())
            .result();
  }

  /**
   * As {@link #execute(Callable)}, with what {@code fallback} makes of the sentence in place of a
   * result.
   */
  public <T extends @Nullable Object> T execute(
      Callable<? extends T> operation, Function<FallbackResponse, ? extends T> fallback) {
    breakers.checkOpen();
    if (passage instanceof Circuit own && !own.isMeasured()) {
      MachineState s = own.machine();
      if (own.isUnlimited() && own.runsAll(s)) {
        return PlainCall.result(own, s, language, operation, fallback);
      }
      if (!own.isUnlimited() && own.runsAll(s) && InlineCall.suits(own)) {
        return new InlineCall<T>(own, s, language, operation).result(fallback);
      }
      if (own.surelyRejects(s)) {
        return fallback.apply(own.say(FallbackType.CIRCUIT_OPEN, language));
      }
    }
    ExecutionResult<T> result = execute(operation);
    return result.valueOr(fallback);
  }

  /**
   * Runs an asynchronous operation. {@code operation} is called on this thread, and its stage is
   * cancelled when the configured {@code timeout} passes. Nothing here blocks. Cancelling the
   * returned stage (as a {@link CompletableFuture}) cancels the operation and counts as neither
   * success nor failure. Where the store must first grant a trial, {@code operation} is called on
   * the breakers' executor instead.
   */
  public <T extends @Nullable Object> CompletionStage<ExecutionResult<T>> executeAsync(
      Supplier<? extends CompletionStage<? extends T>> operation) {
    Passage passes = open();
    if (passes instanceof Circuit own) {
      MachineState s = own.machine();
      if (PlainAsyncCall.suits(own, s)) {
        return new PlainAsyncCall<T>(own, language, operation).stage(s);
      }
    }
    long now = passes.own().context().time().nanoTime();
    AsyncCall<T> call = new AsyncCall<>(passes, language, operation, now);
    call.start();
    return call;
  }

  /**
   * As {@link #executeAsync(Supplier)}, for an operation that answers with a value or with a
   * stream, which shows only when it has answered. One attempt is the whole call: the configured
   * {@code timeout} bounds the wait for the answer; when that is a stream, the attempt goes on to
   * the stream's end as in {@link #executeStream}, with limits that count from the start of the
   * call. Cancelling the stage cancels the wait, cancelling the subscription the stream.
   *
   * @param streamIn the stream in an answer; {@code null} for an answer that is a mere value
   */
  public <T extends @Nullable Object> CompletionStage<ExecutionResult<T>> executeAsync(
      Supplier<? extends CompletionStage<? extends T>> operation,
      Function<? super T, ? extends @Nullable StreamedAnswer<?>> streamIn) {
    Passage passes = open();
    long now = passes.own().context().time().nanoTime();
    AsyncCall<T> call = new StreamedAsyncCall<>(passes, language, operation, streamIn, now);
    call.start();
    return call;
  }

  /**
   * Guards a stream. Each subscriber is a call of its own: {@code operation} is called when it
   * subscribes, unless the circuit is open. When a limit of {@code options} passes or the stream
   * fails, the subscriber gets the fallback's item and a normal end, and upstream is cancelled. The
   * attempt settles when the stream ends. A subscriber that cancels is no failure. Back-pressure is
   * kept, and silence counts only while the subscriber asks for items. A {@code speakable} or
   * {@code words} that throws makes the attempt a failure and leaves the stream as it is.
   *
   * <p>The subscriber of a trial waits for the first speakable item no longer than {@code
   * trialPatience}; then it gets the fallback, and the trial goes on without it, up to the
   * configured {@code timeout}: the first speakable item, or a normal end, proves it. A trial that
   * still speaks after {@code timeout} settles then as a success.
   */
  public <T> Flow.Publisher<T> executeStream(
      Supplier<? extends Flow.Publisher<? extends T>> operation, StreamOptions<T> options) {
    breakers.checkOpen();
    return new GuardedStream<>(this::open, language, operation, options);
  }

  /** Whose circuit this is; {@code upstream:} and its name for an upstream's. */
  public String businessId() {
    return CircuitId.shown(passage.own().businessId());
  }

  /**
   * The state as this process knows it. An OPEN circuit whose wait is over stays OPEN until the
   * next call.
   */
  public CircuitBreakerState state() {
    return present().machine().state();
  }

  /**
   * Whether the business's row has been read. Until then calls run as CLOSED; a process that takes
   * over from another may wait for it, but not without a limit, since the store can be down.
   */
  public boolean isLoaded() {
    Circuit present = present();
    return present.context().store().hasLoaded(present.machine());
  }

  /** The circuit as this process knows it, for operators. */
  public CircuitSnapshot snapshot() {
    Circuit present = present();
    MachineState s = present.machine();
    boolean waits = s.state() == CircuitBreakerState.OPEN && s.hold() == Hold.NONE;
    long now = present.context().time().nanoTime();
    return new CircuitSnapshot(
        s.state(),
        s.failureCount(),
        s.hold(),
        waits
            ? Duration.ofNanos(
                Math.max(0, StateMachine.remainingWaitNanos(s, present.config(), now)))
            : null,
        s.lastStateChange(),
        s.lastErrorCode());
  }

  /** What the circuit did in this process since it was created or its metrics were reset. */
  public CircuitBreakerMetrics getMetrics() {
    Circuit present = present();
    return present.reading(present.machine());
  }

  /**
   * Sets the metrics to zero, but for operations that are under way: they count as started now. The
   * circuit's state and its counts of failures stay.
   */
  public void resetMetrics() {
    present().resetMetrics();
  }

  /**
   * Adds a listener to this circuit alone; it hears of transitions, and of calls that begin, from
   * now on.
   */
  public void addListener(CircuitBreakerListener listener) {
    Objects.requireNonNull(listener, "listener");
    while (!present().addListener(listener)) {
      // Evicted just now: its successor takes the listener.
    }
  }

  /**
   * Opens the circuit until {@link #reset()}; {@code reason} is told to listeners, and logged if
   * short.
   */
  public void forceOpen(String reason) {
    Circuit present = open().own();
    present.order(s -> StateMachine.forceOpen(s, present.context().time().nanoTime()), reason);
  }

  /**
   * Closes the circuit until {@link #reset()}, whatever fails; {@code reason} is told to listeners.
   */
  public void forceClosed(String reason) {
    open().own().order(StateMachine::forceClosed, reason);
  }

  /** Closes the circuit, sets its counts to zero, and ends what an operator forced. */
  public void reset() {
    open().own().order(StateMachine::reset, "reset");
  }

  private Passage open() {
    breakers.checkOpen();
    return passes();
  }

  private Circuit present() {
    return passes().own();
  }

  private Passage passes() {
    Passage before = passage;
    Passage present = before.present(breakers::successor);
    if (present != before) {
      passage = present;
    }
    return present;
  }

  /**
   * The permit, or {@code null}. Only the caller that claims a trial waits: for the store's word, a
   * quarter second.
   */
  private static @Nullable Attempt admitted(Passage passage) {
    Admitted admitted = passage.admit();
    return admitted instanceof Admitted.Claiming claiming
        ? granted(claiming.attempt())
        : ((Admitted.Now) admitted).attempt();
  }

  private static @Nullable Attempt granted(CompletableFuture<@Nullable Attempt> claim) {
    try {
      return claim.get(CircuitContext.CLAIM_WAIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException late) {
      // Completed with nothing, the claim goes on without us; if the store was quicker, the trial
      // is ours after all.
      return claim.complete(null) ? null : claim.join();
    } catch (InterruptedException interrupted) {
      if (!claim.complete(null)) {
        Attempt unused = claim.join();
        if (unused != null) {
          unused.ignored();
        }
      }
      throw cancelled();
    } catch (ExecutionException impossible) {
      throw new IllegalStateException("a claim never fails", impossible);
    }
  }

  private <T extends @Nullable Object> ExecutionResult<T> onThisThread(
      Attempt attempt, Callable<? extends T> operation, long startNanos) {
    T value;
    try {
      value = operation.call();
    } catch (InterruptedException interrupted) {
      attempt.ignored();
      throw cancelled();
    } catch (Error error) {
      attempt.failed(error);
      throw error;
    } catch (Throwable error) {
      attempt.failed(error);
      return Answer.fallback(
          attempt.circuit(), language, FallbackType.SYSTEM_ERROR, error, startNanos);
    }
    attempt.succeeded(value);
    return Answer.success(attempt.circuit(), value, startNanos);
  }

  /** What comes out of a call whose thread was interrupted; the flag is set again. */
  static CancellationException cancelled() {
    Thread.currentThread().interrupt();
    return new CancellationException("the calling thread was interrupted");
  }
}
