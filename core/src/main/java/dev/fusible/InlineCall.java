package dev.fusible;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A synchronous call with a limit that nobody measures, through a CLOSED circuit, where operations
 * were found to run on their callers' threads: {@link SyncCall} in one object, which is permit,
 * task and result. The races, all of them settled by a compare-and-set of the phase:
 *
 * <ul>
 *   <li><b>The end of the operation against the limit</b>: whoever takes the phase from HERE
 *       settles the call. If it was the limit, it interrupts the caller, who meanwhile waits in
 *       INTERRUPTING: so the interrupt never comes after the call.
 *   <li><b>The start against the limit</b>: an operation whose time is over before it was begun
 *       does not begin.
 *   <li><b>The executor has taken it to another thread after all</b>: then, once, it becomes a
 *       {@link SyncCall}, by the word of that thread or of its caller, who has come back without an
 *       end.
 * </ul>
 */
final class InlineCall<T extends @Nullable Object> extends Watch.Watched implements Runnable {

  private static final int NEW = 0;
  private static final int HERE = 1;
  private static final int RETURNED = 2;
  private static final int THREW = 3;
  private static final int REFUSED = 4;
  private static final int INTERRUPTING = 5;
  private static final int INTERRUPTED = 6;

  /** Before the operation was begun. */
  private static final int PASSED = 7;

  private static final int MOVED = 8;

  private static final VarHandle PHASE;

  static {
    try {
      PHASE = MethodHandles.lookup().findVarHandle(InlineCall.class, "phase", int.class);
    } catch (ReflectiveOperationException impossible) {
      throw new ExceptionInInitializerError(impossible);
    }
  }

  private final Circuit circuit;
  private final MachineState admittedIn;
  private final @Nullable String language;
  private final Callable<? extends T> operation;
  private final Watch watch = Watch.here();
  private volatile int phase;

  /** What the operation returned or threw. */
  private @Nullable Object end;

  /** Once the limit has passed, the {@link Attempt}; once it has moved, the {@link SyncCall}. */
  private @Nullable Object beyond;

  InlineCall(
      Circuit circuit,
      MachineState admittedIn,
      @Nullable String language,
      Callable<? extends T> operation) {
    super(circuit.context().time().nanoTime() + circuit.config().timeout().toNanos());
    this.circuit = circuit;
    this.admittedIn = admittedIn;
    this.language = language;
    this.operation = operation;
  }

  /** Whether a call of an ordinary caller on this thread may come this way. */
  static boolean suits(Circuit circuit) {
    return circuit.runsOnCallers() && !Threads.isVirtual(Thread.currentThread());
  }

  T result(Function<? super FallbackResponse, ? extends T> fallback) {
    boolean staysSo = circuit.isUnmovedBySuccess(admittedIn);
    int place = circuit.start();
    @Nullable Throwable refusal = executed();
    return switch (phase) {
      case RETURNED -> {
        if (staysSo && circuit.machine() == admittedIn) {
          circuit.succeedIn(place);
        } else {
          PlainCall.settle(
              circuit, admittedIn, circuit.kindOfResult(end), null, Outcome.RESULT_CODE);
        }
        yield value();
      }
      case THREW -> {
        PlainCall.failed(circuit, admittedIn, (Throwable) Objects.requireNonNull(end));
        yield fallback.apply(circuit.speak(FallbackType.SYSTEM_ERROR, language));
      }
      default -> other(refusal, fallback);
    };
  }

  /** Has the operation run, within its limit. What the executor threw in its place, if it did. */
  private @Nullable Throwable executed() {
    try {
      watch.begin(this);
      circuit.context().executor().execute(this);
      return null;
    } catch (Throwable refused) {
      boolean unused = PHASE.compareAndSet(this, NEW, REFUSED);
      return refused;
    } finally {
      watch.end(this);
    }
  }

  private T other(
      @Nullable Throwable refusal, Function<? super FallbackResponse, ? extends T> fallback) {
    if (phase == REFUSED && refusal != null) {
      return refused(refusal, fallback);
    }
    if (phase == INTERRUPTED && !(end instanceof Throwable out && Answer.isObedience(out))) {
      ((Attempt) Objects.requireNonNull(beyond)).cameLate();
    }
    SyncCall<T> moved = moved();
    return moved == null
        ? fallback.apply(circuit.speak(FallbackType.TIMEOUT, language))
        : moved.answer().valueOr(fallback);
  }

  /** An executor that takes no more work says nothing of the dependency; an Error comes out. */
  private T refused(Throwable refusal, Function<? super FallbackResponse, ? extends T> fallback) {
    Attempt attempt = new Attempt(circuit, admittedIn.generation());
    if (refusal instanceof Error out) {
      attempt.failed(refusal);
      throw out;
    }
    attempt.ignored();
    return fallback.apply(circuit.speak(FallbackType.SYSTEM_ERROR, language));
  }

  @SuppressWarnings({"unchecked", "NullAway"}) // It is what the operation returned.
  private T value() {
    return (T) end;
  }

  @Override
  public void run() {
    if (Thread.currentThread() != watch.thread()) {
      SyncCall<T> moved = moved();
      if (moved != null) {
        moved.task().run();
      }
    } else if (PHASE.compareAndSet(this, NEW, HERE)) {
      runHere();
    }
  }

  private void runHere() {
    int how = RETURNED;
    try {
      end = operation.call();
    } catch (Throwable error) {
      end = error;
      how = THREW;
    }
    if (!PHASE.compareAndSet(this, HERE, how)) {
      while (phase == INTERRUPTING) {
        Thread.yield();
      }
      // It was for the operation; but one for an operation around it may have come with it.
      boolean unused = Thread.interrupted();
      if (isInterruptedAround()) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  boolean isInterrupted() {
    return phase == INTERRUPTING || phase == INTERRUPTED;
  }

  @Override
  void limitPassed() {
    Attempt attempt = new Attempt(circuit, admittedIn.generation());
    if (PHASE.compareAndSet(this, HERE, INTERRUPTING)) {
      try {
        beyond = attempt;
        attempt.timedOut();
      } finally {
        watch.thread().interrupt();
        phase = INTERRUPTED;
      }
    } else if (PHASE.compareAndSet(this, NEW, PASSED)) {
      attempt.timedOut();
    }
  }

  /** What it has become on another thread; {@code null} if its time was over before. */
  @SuppressWarnings("unchecked") // There is no other call that it becomes.
  private synchronized @Nullable SyncCall<T> moved() {
    if (PHASE.compareAndSet(this, NEW, MOVED)) {
      Attempt attempt = new Attempt(circuit, admittedIn.generation());
      long now = circuit.context().time().nanoTime();
      SyncCall<T> call = new SyncCall<>(attempt, language, operation, now, watch.thread());
      call.arm(Duration.ofNanos(due() - now));
      beyond = call;
      circuit.runsOnCallers(false);
    }
    return phase == MOVED ? (SyncCall<T>) beyond : null;
  }
}
