package dev.fusible.bench;

import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * No breaker: the least that one could do without leaving out what counts and what can be switched
 * off. One volatile read and one LongAdder; with a limit, a timer armed and disarmed.
 */
final class Floor extends Subject {

  private static final Set<Row> OFFERED =
      Set.of(
          Row.CLOSED,
          Row.CLOSED_2_THREADS,
          Row.EVERY_16TH_FAILS,
          Row.OPEN,
          Row.OPEN_DEEP,
          Row.ASYNC,
          Row.ASYNC_HANDED_ON,
          Row.ASYNC_LIMITED,
          Row.ASYNC_PENDING,
          Row.LOOK_UP,
          Row.HEAP);

  private static final class Cell {
    volatile boolean open;
    final LongAdder calls = new LongAdder();
  }

  private final Cell cell = new Cell();
  private final ConcurrentHashMap<String, Cell> cells = new ConcurrentHashMap<>();
  private final @Nullable ScheduledThreadPoolExecutor timer;
  private final long limitMillis;

  private Floor(boolean limited, long limitMillis) {
    this.limitMillis = limitMillis;
    this.timer = limited ? timer() : null;
  }

  static @Nullable Subject of(Row row, long limitMillis) {
    return OFFERED.contains(row) ? new Floor(row.limit != Row.Limit.NONE, limitMillis) : null;
  }

  static ScheduledThreadPoolExecutor timer() {
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "timer");
              thread.setDaemon(true);
              return thread;
            });
    timer.setRemoveOnCancelPolicy(true);
    return timer;
  }

  @Override
  String call(Operation<String> operation) {
    return call(cell, operation);
  }

  @Override
  String callFor(String id, Operation<String> operation) {
    Cell found = cells.get(id);
    return call(found != null ? found : cells.computeIfAbsent(id, unused -> new Cell()), operation);
  }

  private static String call(Cell cell, Operation<String> operation) {
    cell.calls.increment();
    if (cell.open) {
      return SORRY;
    }
    try {
      return operation.get();
    } catch (RuntimeException failure) {
      if (cell.calls.sum() == VOLUME) {
        cell.open = true;
      }
      return SORRY;
    }
  }

  @Override
  String answer(Operation<CompletionStage<String>> operation) {
    return stage(operation).toCompletableFuture().join();
  }

  @Override
  CompletionStage<String> stage(Operation<CompletionStage<String>> operation) {
    cell.calls.increment();
    if (cell.open) {
      throw new IllegalStateException();
    }
    if (timer == null) {
      return operation.get();
    }
    ScheduledFuture<?> limit =
        timer.schedule(() -> cell.open = true, limitMillis, TimeUnit.MILLISECONDS);
    CompletionStage<String> stage = operation.get();
    limit.cancel(false);
    return stage;
  }

  @Override
  public void close() {
    if (timer != null) {
      timer.shutdownNow();
    }
  }
}
