package dev.fusible.langgraph4j;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * Waits on the thread that runs the graph. It would wait for the node anyway; and what comes after
 * the node (edges, reducers, the saver of checkpoints) stays on it, instead of running on the timer
 * that ended the wait.
 */
final class Waiting {

  private Waiting() {}

  static <T> CompletableFuture<T> on(CompletableFuture<T> future, Runnable cancel) {
    try {
      future.get();
      return future;
    } catch (InterruptedException interrupted) {
      cancel.run();
      Thread.currentThread().interrupt();
      return CompletableFuture.failedFuture(
          new CancellationException("the thread that runs the graph was interrupted"));
    } catch (ExecutionException | CancellationException failed) {
      // The graph finds it in the future.
      return future;
    }
  }
}
