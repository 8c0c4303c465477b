package dev.fusible;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Brings rows in: the first reading of each circuit, many in one query, and then, in one query for
 * all circuits, what other instances changed. Readings begin only when the place in the changes is
 * known, so that no change falls between the two. One loading and one following are under way at
 * most; their fields belong to whoever has the flag.
 */
final class StoreRefresh {

  private static final int LARGEST_BATCH = 1_000;
  private static final long UNKNOWN = -1;

  private final StoreSync sync;
  private final StoreOperations operations;
  private final TimeSource time;
  private final CircuitRegistry registry;
  private final Duration every;
  private final Queue<Circuit> unread = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean loading = new AtomicBoolean();
  private final AtomicBoolean following = new AtomicBoolean();
  private volatile long cursor = UNKNOWN;
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
    follow();
    scheduleNext();
  }

  private void scheduleNext() {
    if (closed) {
      return;
    }
    Cancellable unneeded =
        time.schedule(
            () -> {
              if (!sync.health().isDegraded()) {
                follow();
              }
              scheduleNext();
            },
            every);
    Objects.requireNonNull(unneeded);
  }

  void load(Circuit circuit) {
    unread.add(circuit);
    loadNext();
  }

  private void loadNext() {
    if (cursor == UNKNOWN
        || unread.isEmpty()
        || sync.health().isDegraded()
        || !loading.compareAndSet(false, true)) {
      return;
    }
    Map<String, Circuit> batch = new LinkedHashMap<>();
    for (Circuit next = unread.poll(); next != null; next = unread.poll()) {
      batch.put(next.businessId(), next);
      if (batch.size() == LARGEST_BATCH) {
        break;
      }
    }
    operations.ask(
        store -> store.getStates(List.copyOf(batch.keySet())),
        (rows, failure) -> {
          if (rows == null) {
            unread.addAll(batch.values());
            sync.health().failed(failure);
          } else {
            batch.forEach((id, circuit) -> arrived(circuit, rows.get(id)));
          }
          loading.set(false);
          loadNext();
        });
  }

  private void arrived(Circuit circuit, @Nullable CircuitBreakerStoreState row) {
    if (row == null) {
      sync.unreadable(circuit);
    } else {
      sync.loaded(circuit, row);
    }
  }

  private void follow() {
    if (!following.compareAndSet(false, true)) {
      return;
    }
    look(
        failure -> {
          following.set(false);
          if (failure != null) {
            sync.health().failed(failure);
          } else {
            loadNext();
          }
        });
  }

  /** Asks whether the store answers again. */
  void probe() {
    if (closed) {
      return;
    }
    if (!following.compareAndSet(false, true)) {
      sync.health().probeFailed();
      return;
    }
    look(
        failure -> {
          following.set(false);
          if (failure != null) {
            sync.health().probeFailed();
          } else {
            sync.health().readingsWork();
            loadNext();
          }
        });
  }

  private interface Looked {
    void done(@Nullable Throwable failure);
  }

  private void look(Looked looked) {
    long from = cursor;
    operations.ask(
        store -> store.changedSince(from, LARGEST_BATCH),
        (page, failure) -> {
          if (page == null) {
            looked.done(failure);
            return;
          }
          for (CircuitBreakerStoreState row : new ArrayList<>(page.states())) {
            Circuit circuit = registry.find(row.businessId());
            if (circuit != null) {
              sync.observe(circuit, row);
            }
          }
          cursor = page.cursor();
          if (page.states().size() == LARGEST_BATCH) {
            look(looked);
          } else {
            looked.done(null);
          }
        });
  }

  void close() {
    closed = true;
  }
}
