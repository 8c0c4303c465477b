package dev.fusible.langgraph4j;

import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A node's action, run on another thread, as a future. Cancelling it interrupts the thread while it
 * is in the action, cancels the future that the action answered with, and the generator in an
 * answer that comes too late.
 */
final class NodeTask extends CompletableFuture<Map<String, Object>> implements Runnable {

  /** No thread was to be had for the action, which says nothing of what the action depends on. */
  static final class Refused extends CancellationException {
    private static final long serialVersionUID = 1L;
  }

  private final Supplier<CompletableFuture<Map<String, Object>>> action;
  private @Nullable Thread runner;
  private @Nullable CompletableFuture<?> answer;

  NodeTask(Supplier<CompletableFuture<Map<String, Object>>> action) {
    this.action = action;
  }

  NodeTask startOn(Executor executor) {
    try {
      executor.execute(this);
    } catch (RejectedExecutionException rejected) {
      completeExceptionally(new Refused());
    }
    return this;
  }

  @Override
  public void run() {
    if (!enter()) {
      return;
    }
    try {
      answer(action.get());
    } catch (Throwable error) {
      completeExceptionally(error);
    } finally {
      leave();
    }
  }

  private void answer(CompletableFuture<Map<String, Object>> answered) {
    synchronized (this) {
      answer = answered;
    }
    CompletableFuture<Map<String, Object>> unneeded =
        answered.whenComplete(
            (update, error) -> {
              if (error != null) {
                completeExceptionally(unwrapped(error));
              } else if (update == null) {
                completeExceptionally(new NullPointerException("the node answered with null"));
              } else if (!complete(update)) {
                Generators.cancelAll(update);
              }
            });
    Objects.requireNonNull(unneeded);
    if (isCancelled()) {
      answered.cancel(true);
    }
  }

  private synchronized boolean enter() {
    if (isDone()) {
      return false;
    }
    runner = Thread.currentThread();
    return true;
  }

  /** The thread goes on to other work: an interrupt that was meant for the action ends here. */
  private synchronized void leave() {
    runner = null;
    if (isCancelled()) {
      Thread.interrupted();
    }
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    boolean cancelled = super.cancel(mayInterruptIfRunning);
    CompletableFuture<?> pending;
    synchronized (this) {
      pending = answer;
      if (cancelled && runner != null) {
        runner.interrupt();
      }
    }
    if (cancelled && pending != null) {
      pending.cancel(true);
    }
    return cancelled;
  }

  private static Throwable unwrapped(Throwable error) {
    Throwable cause = error.getCause();
    return error instanceof CompletionException && cause != null ? cause : error;
  }
}
