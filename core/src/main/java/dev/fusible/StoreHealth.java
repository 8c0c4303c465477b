package dev.fusible;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Whether the store answers. While it does not, operations are not even tried: circuits wait in a
 * queue, and one probe at a time asks whether the store is back, with a growing, jittered pause
 * between probes. Thread-safe.
 */
final class StoreHealth {

  private static final long FIRST_PAUSE_MILLIS = 250;
  private static final long LONGEST_PAUSE_MILLIS = 5_000;

  private final TimeSource time;
  private final EventDispatcher events;
  private final Consumer<Circuit> take;
  private final Runnable probe;
  private final AtomicBoolean degraded = new AtomicBoolean();
  private final AtomicReference<@Nullable Circuit> probing = new AtomicReference<>();
  private final Queue<Circuit> waiting = new ConcurrentLinkedQueue<>();
  private volatile long pauseMillis = FIRST_PAUSE_MILLIS;
  private volatile @Nullable Cancellable timer;
  private volatile boolean closed;

  /**
   * @param take gives a circuit a turn at the store
   * @param probe asks whether the store answers readings, and reports to {@link #readingsWork} or
   *     {@link #probeFailed()}
   */
  StoreHealth(TimeSource time, EventDispatcher events, Consumer<Circuit> take, Runnable probe) {
    this.time = time;
    this.events = events;
    this.take = take;
    this.probe = probe;
  }

  boolean isDegraded() {
    return degraded.get();
  }

  /** Whether the circuit's operation is the one that finds out if the store takes writes again. */
  boolean isProbing(Circuit circuit) {
    return probing.get() == circuit;
  }

  /** The circuit gets a turn when the store is back, or when it is known not to answer. */
  void await(Circuit circuit) {
    if (circuit.link().waits.compareAndSet(false, true)) {
      waiting.add(circuit);
    }
  }

  void failed(@Nullable Throwable failure) {
    if (degraded.compareAndSet(false, true)) {
      announce(true, codeOf(failure));
      schedule();
      // Claims that waited for a first reading are answered from memory now.
      takeAllWaiting();
    }
  }

  /**
   * An operation of {@code circuit} was answered, or it needs none: if it was the one that tried,
   * the store is back.
   */
  void succeeded(Circuit circuit) {
    if (probing.compareAndSet(circuit, null)) {
      recovered();
    }
  }

  void probeFailed(Circuit circuit) {
    if (probing.compareAndSet(circuit, null) && degraded.get()) {
      schedule();
    }
  }

  /** The store does not answer readings either. */
  void probeFailed() {
    schedule();
  }

  /**
   * Readings work again. The first circuit that waits tries whether writes do; with none, the store
   * is back.
   */
  void readingsWork() {
    if (!degraded.get()) {
      return;
    }
    Circuit first = waiting.poll();
    if (first == null) {
      recovered();
      return;
    }
    first.link().waits.set(false);
    probing.set(first);
    take.accept(first);
  }

  private void recovered() {
    pauseMillis = FIRST_PAUSE_MILLIS;
    if (degraded.compareAndSet(true, false)) {
      announce(false, "recovered");
      takeAllWaiting();
    }
  }

  private void takeAllWaiting() {
    List<Circuit> all = new ArrayList<>();
    for (Circuit next = waiting.poll(); next != null; next = waiting.poll()) {
      next.link().waits.set(false);
      all.add(next);
    }
    all.forEach(take);
  }

  private void schedule() {
    if (closed) {
      return;
    }
    long pause = pauseMillis;
    pauseMillis = Math.min(LONGEST_PAUSE_MILLIS, pause * 2);
    // A reading of the clock differs between instances, and is all the chance that this needs.
    long mixed = time.nanoTime() * 0x9E3779B97F4A7C15L;
    long jittered = pause - pause / 5 + Math.floorMod(mixed ^ (mixed >>> 32), pause * 2 / 5);
    cancelTimer();
    timer = time.schedule(probe, Duration.ofMillis(jittered));
    if (closed) {
      cancelTimer();
    }
  }

  private void cancelTimer() {
    Cancellable armed = timer;
    if (armed != null) {
      armed.cancel();
    }
  }

  private void announce(boolean isDegraded, String code) {
    StoreEvent event = new StoreEvent(isDegraded, code, time.now());
    events.dispatch(List.of(), listener -> listener.onStoreDegraded(event));
  }

  /** Whether an operation failed because of one circuit's row: the store is well. */
  static boolean isOfRow(@Nullable Throwable failure) {
    return causeOf(failure) instanceof StoreException exception && exception.isOfRow();
  }

  private static @Nullable Throwable causeOf(@Nullable Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  /** A code of our own, or the exception's class: a driver's message may carry what a row holds. */
  private static String codeOf(@Nullable Throwable failure) {
    Throwable cause = causeOf(failure);
    if (cause instanceof StoreException exception) {
      return exception.code();
    }
    return cause == null ? "no_answer" : Outcome.codeOf(cause);
  }

  void close() {
    closed = true;
    cancelTimer();
  }
}
