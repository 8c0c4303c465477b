package dev.fusible.langgraph4j;

import dev.fusible.ExecutionResult;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import org.bsc.async.AsyncGenerator;
import org.bsc.langgraph4j.NodeOutput;
import org.bsc.langgraph4j.streaming.StreamingOutput;
import org.jspecify.annotations.Nullable;

/**
 * The generator that the graph pulls in place of the node's own: the guarded stream's subscriber.
 * Asks for one item at a time, so that silence counts only while the graph waits for one.
 */
final class GuardedGenerator extends AsyncGenerator.BaseCancellable<NodeOutput<?>>
    implements AsyncGenerator.HasResultValue, Flow.Subscriber<NodeOutput<?>> {

  private static final Object OWN_END = new Object();

  private final AsyncGenerator<NodeOutput<?>> original;
  private final GeneratorPublisher source;
  private final NodeCall<?> call;
  private final BlockingQueue<Data<NodeOutput<?>>> signals = new LinkedBlockingQueue<>();
  private volatile Flow.@Nullable Subscription subscription;
  private volatile ExecutionResult.@Nullable Fallback<?> fallback;
  private volatile boolean endsInWord;
  private @Nullable Data<NodeOutput<?>> end;

  GuardedGenerator(
      AsyncGenerator<NodeOutput<?>> original, GeneratorPublisher source, NodeCall<?> call) {
    this.original = original;
    this.source = source;
    this.call = call;
  }

  /** The item that ends a broken stream. */
  NodeOutput<?> spoken(ExecutionResult.Fallback<NodeOutput<?>> broken) {
    fallback = broken;
    String text = broken.response().text();
    return call.chunk(endsInWord ? " " + text : text);
  }

  /** What the node answers in place of the generator's result; {@code null} if it is its own. */
  @Nullable Map<String, Object> fallbackUpdate() {
    ExecutionResult.Fallback<?> broken = fallback;
    return broken == null ? null : call.updateOf(broken);
  }

  @Override
  public Data<NodeOutput<?>> next() {
    Data<NodeOutput<?>> reached = end;
    if (reached != null) {
      return reached;
    }
    if (isCancelled()) {
      return ended(Data.done(CANCELLED));
    }
    Objects.requireNonNull(subscription).request(1);
    try {
      Data<NodeOutput<?>> signal = signals.take();
      if (!signal.isDone()) {
        return signal;
      }
      return ended(signal.resultValue() == OWN_END ? result() : signal);
    } catch (InterruptedException interrupted) {
      cancel(true);
      Thread.currentThread().interrupt();
      return ended(Data.done(CANCELLED));
    }
  }

  private Data<NodeOutput<?>> result() {
    Map<String, Object> update = fallbackUpdate();
    return Data.done(update == null ? source.result() : update);
  }

  private Data<NodeOutput<?>> ended(Data<NodeOutput<?>> signal) {
    end = signal;
    return signal;
  }

  @Override
  public void onSubscribe(Flow.Subscription granted) {
    subscription = granted;
  }

  @Override
  public void onNext(NodeOutput<?> output) {
    if (output instanceof StreamingOutput<?> streaming && streaming.chunk() != null) {
      String chunk = streaming.chunk();
      endsInWord = !chunk.isEmpty() && !Character.isWhitespace(chunk.charAt(chunk.length() - 1));
    }
    signals.add(Data.of(output));
  }

  @Override
  public void onError(Throwable error) {
    if (!(error instanceof GeneratorPublisher.Cancelled)) {
      signals.add(Data.error(error));
    }
    signals.add(Data.done(CANCELLED));
  }

  @Override
  public void onComplete() {
    signals.add(Data.done(OWN_END));
  }

  @Override
  public Executor executor() {
    return original.executor();
  }

  @Override
  public Optional<Object> resultValue() {
    Data<NodeOutput<?>> reached = end;
    return reached == null ? Optional.empty() : Optional.ofNullable(reached.resultValue());
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    if (!super.cancel(mayInterruptIfRunning)) {
      return false;
    }
    Flow.Subscription granted = subscription;
    if (granted != null) {
      granted.cancel();
    }
    signals.add(Data.done(CANCELLED));
    return true;
  }
}
