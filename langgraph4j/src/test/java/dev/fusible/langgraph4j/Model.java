package dev.fusible.langgraph4j;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.bsc.async.AsyncGenerator;
import org.bsc.langgraph4j.NodeOutput;
import org.bsc.langgraph4j.RunnableConfig;
import org.bsc.langgraph4j.action.AsyncNodeActionWithConfig;
import org.bsc.langgraph4j.state.AgentState;
import org.bsc.langgraph4j.streaming.StreamingOutput;

/** What a node depends on: it does what the test says, and remembers what was done to it. */
final class Model {

  /** How a node answers. */
  enum Style {
    /** {@code node_async}: on the caller's thread, unless guarded. */
    PLAIN,
    /** With a future. */
    ASYNC,
    /** With a generator. */
    STREAMING
  }

  /** How it goes. */
  enum Fault {
    NONE,
    FAILS,
    HANGS,
    /** Hangs and ignores interruption and cancellation. */
    DEAF,
    /** Two words and then an error; only of streams. */
    CUT,
    /** Two words and then silence; only of streams. */
    STALLS
  }

  static final String ANSWER = "Claro que sí";
  static final String CANARY = "canary 555-0199";

  volatile Fault fault = Fault.NONE;
  volatile Thread thread;
  final AtomicInteger runs = new AtomicInteger();
  final AtomicInteger lateAnswers = new AtomicInteger();
  private final Semaphore waits = new Semaphore(0);
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);

  AsyncNodeActionWithConfig<AgentState> action(Style style) {
    return switch (style) {
      case PLAIN -> AsyncNodeActionWithConfig.node_async(this::plain);
      case ASYNC -> this::async;
      case STREAMING ->
          (state, config) -> {
            runs.incrementAndGet();
            thread = Thread.currentThread();
            return CompletableFuture.completedFuture(Map.of("words", new Words(state)));
          };
    };
  }

  private Map<String, Object> plain(AgentState state, RunnableConfig config)
      throws InterruptedException {
    runs.incrementAndGet();
    thread = Thread.currentThread();
    switch (fault) {
      case NONE -> {}
      case FAILS -> throw new IllegalStateException(CANARY);
      default -> hang();
    }
    return answer();
  }

  private CompletableFuture<Map<String, Object>> async(AgentState state, RunnableConfig config) {
    runs.incrementAndGet();
    thread = Thread.currentThread();
    return switch (fault) {
      case NONE -> CompletableFuture.completedFuture(answer());
      case FAILS -> CompletableFuture.failedFuture(new IllegalStateException(CANARY));
      default -> {
        waits.release();
        yield new CompletableFuture<>() {
          @Override
          public boolean cancel(boolean mayInterruptIfRunning) {
            stopped.countDown();
            return fault != Fault.DEAF && super.cancel(mayInterruptIfRunning);
          }
        };
      }
    };
  }

  private static Map<String, Object> answer() {
    return Map.of("reply", ANSWER, "lines", "model");
  }

  private void hang() throws InterruptedException {
    waits.release();
    boolean deaf = fault == Fault.DEAF;
    while (true) {
      try {
        released.await();
        lateAnswers.incrementAndGet();
        return;
      } catch (InterruptedException interrupted) {
        stopped.countDown();
        if (!deaf) {
          throw interrupted;
        }
      }
    }
  }

  /** Blocks until the model hangs. */
  void awaitHanging() throws InterruptedException {
    if (!waits.tryAcquire(10, TimeUnit.SECONDS)) {
      throw new AssertionError("the model was never asked, or answered");
    }
  }

  /** Whether the model was told to stop, within a time that only a broken test needs. */
  boolean wasStopped() throws InterruptedException {
    return stopped.await(10, TimeUnit.SECONDS);
  }

  /** Lets what hangs go on. */
  void release() {
    released.countDown();
  }

  /** A generator of three words. */
  private final class Words extends AsyncGenerator.BaseCancellable<NodeOutput<AgentState>> {

    private static final String[] WORDS = {"Claro", " que", " sí"};

    private final AgentState state;
    private int next;

    Words(AgentState state) {
      this.state = state;
    }

    @Override
    public Data<NodeOutput<AgentState>> next() {
      boolean broken =
          switch (fault) {
            case NONE -> false;
            case CUT, STALLS -> next == 2;
            default -> true;
          };
      if (!broken) {
        return next == WORDS.length
            ? Data.done(answer())
            : Data.of(new StreamingOutput<>(WORDS[next++], "model", state, null));
      }
      if (fault == Fault.FAILS || fault == Fault.CUT) {
        return Data.error(new IllegalStateException(CANARY));
      }
      try {
        hang();
      } catch (InterruptedException interrupted) {
        return Data.error(interrupted);
      }
      return Data.done(answer());
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      stopped.countDown();
      return super.cancel(mayInterruptIfRunning);
    }
  }
}
