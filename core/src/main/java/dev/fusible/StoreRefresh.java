package dev.fusible;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Brings rows in: the first reading of each circuit, many in one query, and then, in one query for
 * all circuits, what other instances changed. Readings begin only when the place in the changes is
 * known, so that no change falls between the two. One loading and one following are under way at
 * most. A store that can tell of a change is looked at sooner; the looks in their turn find the
 * same without it.
 */
final class StoreRefresh {

  private static final int LARGEST_BATCH = 1_000;
  private static final long UNKNOWN = -1;

  /** What the store tells of other instances' changes brings on one look at most in this time. */
  private static final long TOLD_NANOS = Duration.ofMillis(50).toNanos();

  private final StoreSync sync;
  private final StoreOperations operations;
  private final TimeSource time;
  private final CircuitRegistry registry;
  private final Duration every;
  private final Queue<Circuit> unread = new ConcurrentLinkedQueue<>();
  private final Turns loads = new Turns();
  private final Turns looks = new Turns();

  /** Who waits for the present following to end; {@code null} while there is none. */
  private final AtomicReference<@Nullable Consumer<@Nullable Throwable>> following =
      new AtomicReference<>();

  private volatile long cursor = UNKNOWN;

  /** Whether the last reading was answered: a store that takes no writes may still be read. */
  private volatile boolean readable;

  private final ComingTurn toldTurn = new ComingTurn();
  private volatile long toldTurnNanos;
  private volatile @Nullable Cancellable subscription;

  private volatile @Nullable Cancellable timer;
  private volatile boolean closed;

  StoreRefresh(
      StoreSync sync,
      StoreOperations operations,
      TimeSource time,
      CircuitRegistry registry,
      Duration every) {
    this.sync = sync;
    this.operations = operations;
    this.time = time;
    this.registry = registry;
    this.every = every;
  }

  void start() {
    toldTurnNanos = time.nanoTime() - TOLD_NANOS;
    scheduleNext();
    follow();
    operations.ask(
        store -> {
          subscription = store.onChange(this::told);
          if (closed) {
            cancel(subscription);
          }
          return CompletableFuture.completedFuture(true);
        },
        // A store that does not tell is looked at in its turn.
        (subscribed, failure) -> {});
  }

  private void told() {
    if (!closed) {
      long wait = TOLD_NANOS - (time.nanoTime() - toldTurnNanos);
      toldTurn.in(Math.max(0, wait), time, this::lookAsTold);
    }
  }

  private void lookAsTold() {
    if (closed || sync.health().isDegraded()) {
      return;
    }
    toldTurnNanos = time.nanoTime();
    if (!follow()) {
      // What is being read now may be older than what was told.
      told();
    }
  }

  private void scheduleNext() {
    timer = time.schedule(this::onTime, every);
    if (closed) {
      cancel(timer);
    }
  }

  private void onTime() {
    if (closed) {
      return;
    }
    scheduleNext();
    if (!sync.health().isDegraded()) {
      follow();
    }
  }

  // --- first readings

  void load(Circuit circuit) {
    unread.add(circuit);
    loadNext();
  }

  void loadNext() {
    loads.take(this::loadBatch);
  }

  private void loadBatch() {
    if (cursor == UNKNOWN || !readable) {
      return;
    }
    Map<String, Circuit> batch = new LinkedHashMap<>();
    while (batch.size() < LARGEST_BATCH && !unread.isEmpty()) {
      Circuit next = unread.poll();
      if (next != null && !next.machine().isEvicted()) {
        batch.put(next.businessId(), next);
      }
    }
    if (batch.isEmpty()) {
      return;
    }
    loads.begin();
    operations.ask(
        store -> store.getStates(List.copyOf(batch.keySet())),
        (rows, failure) -> {
          try {
            if (rows != null) {
              batch.forEach((id, circuit) -> arrived(circuit, rows.get(id)));
            } else {
              readable = false;
              unread.addAll(batch.values());
              sync.health().failed(failure);
            }
          } finally {
            loads.end();
            loadNext();
          }
        });
  }

  private void arrived(Circuit circuit, @Nullable CircuitBreakerStoreState row) {
    if (row == null) {
      sync.unreadable(circuit);
    } else {
      sync.loaded(circuit, row);
    }
  }

  // --- what others changed

  private boolean follow() {
    return startFollowing(
        failure -> {
          if (failure != null) {
            sync.health().failed(failure);
          } else {
            loadNext();
          }
        });
  }

  /** Asks whether the store answers again. */
  void probe() {
    boolean started =
        startFollowing(
            failure -> {
              if (failure != null) {
                sync.health().probeFailed();
              } else {
                sync.health().readingsWork();
                loadNext();
              }
            });
    if (!started) {
      sync.health().probeFailed();
    }
  }

  private boolean startFollowing(Consumer<@Nullable Throwable> ended) {
    if (closed || !following.compareAndSet(null, ended)) {
      return false;
    }
    looks.take(this::look);
    return true;
  }

  /** One page; more follow in turns of their own while pages are full. */
  private void look() {
    if (following.get() == null) {
      return;
    }
    long from = cursor;
    looks.begin();
    operations.ask(
        store -> store.changedSince(from, LARGEST_BATCH),
        (page, failure) -> {
          boolean more = false;
          Throwable problem = failure;
          readable = page != null;
          try {
            if (page != null) {
              page.states().forEach(this::observe);
              cursor = page.cursor();
              more = page.states().size() >= LARGEST_BATCH && page.cursor() != from;
            }
          } catch (RuntimeException nonsense) {
            problem = nonsense;
          }
          Consumer<@Nullable Throwable> ended = more ? null : following.getAndSet(null);
          looks.end();
          if (ended != null) {
            ended.accept(problem);
          }
          looks.take(this::look);
        });
  }

  private void observe(CircuitBreakerStoreState row) {
    Circuit circuit = registry.find(row.businessId());
    if (circuit != null) {
      sync.observe(circuit, row);
    }
  }

  void close() {
    closed = true;
    cancel(timer);
    cancel(subscription);
    toldTurn.cancel();
  }

  private static void cancel(@Nullable Cancellable armed) {
    if (armed != null) {
      armed.cancel();
    }
  }
}
