package dev.fusible.jdbc;

import dev.fusible.CircuitBreakerStore;
import dev.fusible.CircuitBreakerStoreState;
import dev.fusible.Page;
import dev.fusible.StoreException;
import dev.fusible.WriteResult;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A store whose database blocks: operations run on the store's own threads, and what the driver
 * throws comes out as a {@link StoreException} with a code.
 */
abstract class JdbcCircuitBreakerStore implements CircuitBreakerStore {

  private static final long CLOSE_MILLIS = 2_000;
  private static final long IDLE_SECONDS = 30;

  /** Who has waited this long in the queue has given up: circuits wait for two seconds. */
  private static final long PATIENCE_NANOS = Duration.ofSeconds(2).toNanos();

  private final CircuitTable table;
  private final ExecutorService threads;

  JdbcCircuitBreakerStore(CircuitTable table, int threadCount) {
    this.table = table;
    this.threads = new StoreThreads(threadCount);
  }

  /** Daemons, since a database that hangs must keep no process alive. */
  private final class StoreThreads extends ThreadPoolExecutor {

    StoreThreads(int count) {
      super(
          count,
          count,
          IDLE_SECONDS,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          task -> {
            Thread thread = new Thread(task, "fusible-jdbc");
            thread.setDaemon(true);
            return thread;
          });
      allowCoreThreadTimeOut(true);
    }

    @Override
    protected void terminated() {
      // The pool woke its idle threads by interrupting them; this may be one of those.
      Thread.interrupted();
      disconnect();
    }
  }

  /** Something to do with a connection. */
  interface Operation<T> {
    T on(Connection connection) throws SQLException;
  }

  /** Does it, on one of the store's threads, with a connection in autocommit mode. */
  abstract <T> T perform(Operation<T> operation) throws SQLException;

  /** What went wrong, from the driver's codes: never from its messages. */
  abstract StoreException exceptionOf(SQLException failure);

  /** Reads a page; see {@link CircuitBreakerStore#changedSince}. */
  abstract Page changedSince(Connection connection, long cursor, int limit) throws SQLException;

  /** A transition was written. Must not block. */
  void transitioned() {}

  /** Gives up connections; called once, after the last operation has ended. */
  abstract void disconnect();

  @Override
  public final CompletionStage<CircuitBreakerStoreState> getState(String businessId) {
    CircuitKey key = CircuitKey.of(businessId);
    return run(connection -> table.getState(connection, key));
  }

  @Override
  public final CompletionStage<WriteResult> setState(
      String businessId, CircuitBreakerStoreState state) {
    CircuitKey key = CircuitKey.of(businessId);
    return run(connection -> table.setState(connection, key, state, this::transitioned));
  }

  @Override
  public final CompletionStage<Map<String, CircuitBreakerStoreState>> getStates(
      Collection<String> businessIds) {
    List<CircuitKey> keys = businessIds.stream().map(CircuitKey::of).toList();
    return run(connection -> table.getStates(connection, keys));
  }

  @Override
  public final CompletionStage<WriteResult> claimTrial(
      String businessId, long version, String token, Duration lease) {
    CircuitKey key = CircuitKey.of(businessId);
    return run(
        connection -> table.claimTrial(connection, key, version, token, lease, this::transitioned));
  }

  @Override
  public final CompletionStage<Page> changedSince(long cursor, int limit) {
    return run(connection -> changedSince(connection, cursor, limit));
  }

  final <T> CompletionStage<T> run(Operation<T> operation) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    long asked = System.nanoTime();
    try {
      threads.execute(
          () -> {
            try {
              if (System.nanoTime() - asked > PATIENCE_NANOS) {
                throw new StoreException("overloaded", null);
              }
              answer.complete(perform(operation));
            } catch (SQLException failure) {
              answer.completeExceptionally(exceptionOf(failure));
            } catch (Throwable failure) {
              answer.completeExceptionally(failure);
            }
          });
    } catch (RejectedExecutionException afterClose) {
      answer.completeExceptionally(new StoreException("closed", null));
    }
    return answer;
  }

  /**
   * Ends what was begun, then disconnects: within two seconds, or else when it ends by itself.
   * Closing again does nothing.
   */
  @Override
  public final void close() {
    threads.shutdown();
    try {
      threads.awaitTermination(CLOSE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
