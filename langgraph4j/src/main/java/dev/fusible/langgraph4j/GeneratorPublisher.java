package dev.fusible.langgraph4j;

import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.bsc.async.AsyncGenerator;
import org.bsc.langgraph4j.NodeOutput;
import org.jspecify.annotations.Nullable;

/**
 * A node's generator as a publisher for one subscriber. It is pulled on the executor, and only when
 * something is asked of it: {@code next()} may block, and no thread stays with a stream that its
 * caller has left. Cancelling interrupts the pull under way and cancels the generator.
 */
final class GeneratorPublisher implements Flow.Publisher<NodeOutput<?>>, Flow.Subscription {

  /** A generator that was cancelled by another hand ends its stream with this. */
  static final class Cancelled extends CancellationException {
    private static final long serialVersionUID = 1L;
  }

  private final AsyncGenerator<NodeOutput<?>> generator;
  private final Executor executor;
  private final AtomicLong demand = new AtomicLong();
  private volatile Flow.@Nullable Subscriber<? super NodeOutput<?>> subscriber;
  private volatile @Nullable Object result;
  private volatile boolean over;
  private @Nullable Thread puller;
  private @Nullable CompletableFuture<?> pending;

  GeneratorPublisher(AsyncGenerator<NodeOutput<?>> generator, Executor executor) {
    this.generator = generator;
    this.executor = executor;
  }

  /** What the generator gave with its end. */
  @Nullable Object result() {
    return result;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super NodeOutput<?>> listener) {
    subscriber = listener;
    listener.onSubscribe(this);
  }

  @Override
  public void request(long n) {
    long before = demand.getAndUpdate(d -> d + n < 0 ? Long.MAX_VALUE : d + n);
    if (before == 0) {
      pullSoon();
    }
  }

  private void pullSoon() {
    try {
      executor.execute(this::pull);
    } catch (RejectedExecutionException rejected) {
      fail(rejected);
    }
  }

  /** Pulls until nothing more is asked for, or an item is not there yet. */
  private void pull() {
    do {
      AsyncGenerator.Data<NodeOutput<?>> data = next();
      if (data == null || over) {
        return;
      }
      CompletableFuture<NodeOutput<?>> item = data.future();
      if (item == null) {
        end(data);
        return;
      }
      if (!item.isDone()) {
        await(item);
        return;
      }
      if (!deliver(item)) {
        return;
      }
    } while (demand.updateAndGet(d -> d == Long.MAX_VALUE ? d : d - 1) > 0);
  }

  private AsyncGenerator.@Nullable Data<NodeOutput<?>> next() {
    synchronized (this) {
      if (over) {
        return null;
      }
      puller = Thread.currentThread();
    }
    try {
      return generator.next();
    } catch (Throwable error) {
      fail(error);
      return null;
    } finally {
      synchronized (this) {
        puller = null;
        if (over) {
          // The interrupt was meant for the pull, not for what the thread does next.
          Thread.interrupted();
        }
      }
    }
  }

  private void await(CompletableFuture<NodeOutput<?>> item) {
    synchronized (this) {
      pending = item;
    }
    CompletableFuture<NodeOutput<?>> unneeded =
        item.whenComplete(
            (output, error) -> {
              if (deliver(item) && demand.updateAndGet(d -> d == Long.MAX_VALUE ? d : d - 1) > 0) {
                pullSoon();
              }
            });
    Objects.requireNonNull(unneeded);
    if (over) {
      item.cancel(true);
    }
  }

  /** Passes on what has come; false if it was the end. */
  private boolean deliver(CompletableFuture<NodeOutput<?>> item) {
    if (item.isCompletedExceptionally()) {
      // Not from join(), which puts another exception around it.
      Throwable error = item.handle((none, failure) -> failure).join();
      Throwable cause = error.getCause();
      fail(error instanceof CompletionException && cause != null ? cause : error);
      return false;
    }
    NodeOutput<?> output = item.join();
    if (over) {
      return false;
    }
    listener().onNext(output);
    return true;
  }

  private void end(AsyncGenerator.Data<NodeOutput<?>> data) {
    if (data.embed() != null) {
      fail(new UnsupportedOperationException("a node's generator can't embed another"));
    } else if (data.resultValue() == AsyncGenerator.IsCancellable.CANCELLED) {
      fail(new Cancelled());
    } else {
      result = data.resultValue();
      listener().onComplete();
    }
  }

  private void fail(Throwable error) {
    if (!over) {
      listener().onError(error);
    }
  }

  private Flow.Subscriber<? super NodeOutput<?>> listener() {
    return Objects.requireNonNull(subscriber);
  }

  @Override
  public void cancel() {
    CompletableFuture<?> awaited;
    synchronized (this) {
      over = true;
      awaited = pending;
      if (puller != null) {
        puller.interrupt();
      }
    }
    Generators.cancel(generator);
    if (awaited != null) {
      awaited.cancel(true);
    }
  }
}
