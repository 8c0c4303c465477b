package dev.fusible;

import java.time.Duration;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Runs operations of a store so that nothing it does can hold anybody up: each begins on the
 * worker, and is answered once, by the store or by a timer. One that was answered by the timer
 * before it began never begins; one that blocks the worker is interrupted. Thread-safe.
 *
 * <p>A store that is only slow must not look like one that is down: when an outage opens a thousand
 * circuits at once, few of their writes are under way at a time and the others wait here, where no
 * timer runs. Readings and claims go before them. A store that does not answer one operation in
 * time is not asked those that wait: they fail with it.
 */
final class StoreOperations {

  /** How long an operation of the store may take. */
  static final Duration PATIENCE = Duration.ofSeconds(2);

  private static final int MOST_UNDER_WAY = 32;

  /**
   * A write begins only while fewer are under way than this, so that others need not wait for it.
   */
  private static final int MOST_BEFORE_A_WRITE = 24;

  private static final StoreException NO_ANSWER = new StoreException("no_answer", null);

  private final CircuitBreakerStore store;
  private final TimeSource time;
  private final Executor worker;

  private final Queue<Asked<?>> urgent = new ConcurrentLinkedQueue<>();
  private final Queue<Asked<?>> writes = new ConcurrentLinkedQueue<>();
  private final AtomicInteger underWay = new AtomicInteger();

  /** The worker, where it is a thread of our own. */
  private final @Nullable ThreadPoolExecutor ownThread;

  StoreOperations(CircuitBreakerStore store, TimeSource time, Executor worker) {
    this.store = store;
    this.time = time;
    this.worker = worker;
    this.ownThread = worker instanceof ThreadPoolExecutor pool ? pool : null;
  }

  /**
   * Starts an operation that somebody waits for; {@code answer} gets its result or its failure,
   * once, in two seconds from its start at most.
   */
  <T> void ask(
      Function<CircuitBreakerStore, CompletionStage<T>> operation,
      BiConsumer<@Nullable T, @Nullable Throwable> answer) {
    urgent.add(new Asked<>(operation, answer));
    startNext();
  }

  /**
   * Starts an operation after those that somebody waits for, and after earlier ones of its kind.
   */
  <T> void askInTurn(
      Function<CircuitBreakerStore, CompletionStage<T>> operation,
      BiConsumer<@Nullable T, @Nullable Throwable> answer) {
    writes.add(new Asked<>(operation, answer));
    startNext();
  }

  private void startNext() {
    for (Queue<Asked<?>> next = nextQueue(); next != null; next = nextQueue()) {
      Asked<?> asked = next.poll();
      if (asked == null) {
        // Another was faster. Whoever saw this place taken meanwhile counts on the next look.
        underWay.decrementAndGet();
      } else {
        start(asked);
      }
    }
  }

  /** Takes a place for the next operation; {@code null} if none waits, or none may begin. */
  private @Nullable Queue<Asked<?>> nextQueue() {
    while (true) {
      int count = underWay.get();
      Queue<Asked<?>> next = urgent.isEmpty() ? writes : urgent;
      if (next.isEmpty() || count >= (next == writes ? MOST_BEFORE_A_WRITE : MOST_UNDER_WAY)) {
        return null;
      }
      if (underWay.compareAndSet(count, count + 1)) {
        return next;
      }
    }
  }

  private <T> void start(Asked<T> asked) {
    FutureTask<@Nullable Void> task =
        new FutureTask<>(
            () -> {
              CompletionStage<T> unneeded =
                  asked
                      .operation
                      .apply(store)
                      .whenComplete((value, failure) -> ended(asked, value, failure));
              Objects.requireNonNull(unneeded);
              return null;
            }) {
          @Override
          protected void setException(Throwable failure) {
            super.setException(failure);
            ended(asked, null, failure);
          }
        };
    asked.limit = time.schedule(() -> timedOut(asked, task), PATIENCE);
    try {
      worker.execute(task);
    } catch (Throwable refused) {
      ended(asked, null, refused);
    }
  }

  private <T> void ended(Asked<T> asked, @Nullable T value, @Nullable Throwable failure) {
    if (asked.end()) {
      underWay.decrementAndGet();
      asked.answered(value, failure);
      startNext();
    }
  }

  private void timedOut(Asked<?> asked, FutureTask<?> task) {
    if (ownThread == null) {
      task.cancel(false);
    } else {
      task.cancel(true);
      ownThread.remove(task);
    }
    StoreException timeout = new StoreException("timeout", null);
    failAll(urgent, timeout);
    failAll(writes, timeout);
    ended(asked, null, timeout);
  }

  private static void failAll(Queue<Asked<?>> waiting, StoreException failure) {
    for (Asked<?> next = waiting.poll(); next != null; next = waiting.poll()) {
      next.answered(null, failure);
    }
  }

  /** One operation, and who waits for its answer: gets one. */
  private static final class Asked<T> {

    private final Function<CircuitBreakerStore, CompletionStage<T>> operation;
    private final BiConsumer<@Nullable T, @Nullable Throwable> answer;
    private final AtomicBoolean hasEnded = new AtomicBoolean();
    private volatile @Nullable Cancellable limit;

    Asked(
        Function<CircuitBreakerStore, CompletionStage<T>> operation,
        BiConsumer<@Nullable T, @Nullable Throwable> answer) {
      this.operation = operation;
      this.answer = answer;
    }

    /** Whether it is this that ends it, so that its place and its answer are given once. */
    boolean end() {
      return hasEnded.compareAndSet(false, true);
    }

    void answered(@Nullable T value, @Nullable Throwable failure) {
      Cancellable armed = limit;
      if (armed != null) {
        armed.cancel();
      }
      answer.accept(value, value == null && failure == null ? NO_ANSWER : failure);
    }
  }
}
