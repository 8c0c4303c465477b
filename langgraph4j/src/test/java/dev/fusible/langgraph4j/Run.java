package dev.fusible.langgraph4j;

import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.bsc.async.AsyncGenerator;
import org.bsc.langgraph4j.CompiledGraph;
import org.bsc.langgraph4j.GraphInput;
import org.bsc.langgraph4j.GraphResult;
import org.bsc.langgraph4j.NodeOutput;
import org.bsc.langgraph4j.RunnableConfig;
import org.bsc.langgraph4j.state.AgentState;
import org.bsc.langgraph4j.streaming.StreamingOutput;

/** One run of a graph, driven by a thread of its own as a server's would. */
final class Run {

  /** Only a broken test waits so long. */
  private static final long PATIENCE_SECONDS = 10;

  final List<NodeOutput<AgentState>> outputs = new CopyOnWriteArrayList<>();
  final AsyncGenerator.Cancellable<NodeOutput<AgentState>> stream;
  final Thread driver;
  private final CompletableFuture<Void> end = new CompletableFuture<>();
  volatile boolean keptInterrupt;
  private volatile Throwable failure;

  Run(CompiledGraph<AgentState> graph, GraphInput input, RunnableConfig config) {
    stream = graph.stream(input, config);
    driver = new Thread(this::drive, "driver");
    driver.setDaemon(true);
    driver.start();
  }

  private void drive() {
    try {
      for (NodeOutput<AgentState> output : stream) {
        outputs.add(output);
      }
      end.complete(null);
    } catch (Throwable error) {
      failure = error;
      keptInterrupt = Thread.currentThread().isInterrupted();
      end.completeExceptionally(error);
    }
  }

  void awaitEnd() throws Exception {
    end.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  boolean isOver() {
    return end.isDone();
  }

  /** What the run ended with; it must have failed. */
  Throwable failure() throws Exception {
    driver.join(PATIENCE_SECONDS * 1_000);
    if (failure != null) {
      return failure;
    }
    throw new AssertionError("the run ended normally");
  }

  /** The last state of a run that ended normally. */
  AgentState state() throws Exception {
    awaitEnd();
    return outputs.get(outputs.size() - 1).state();
  }

  boolean wasInterrupted() {
    return GraphResult.from(stream).isInterruptionMetadata();
  }

  /** All that came out of a run that ended normally: nodes, chunks and states. */
  List<String> transcript() throws Exception {
    awaitEnd();
    return outputs.stream()
        .map(
            output -> {
              String chunk =
                  output instanceof StreamingOutput<AgentState> words ? words.chunk() : "";
              return output.getClass().getSimpleName()
                  + " "
                  + output.node()
                  + " "
                  + chunk
                  + " "
                  + new TreeMap<>(output.state().data());
            })
        .toList();
  }

  /** All chunks, as a voice would say them. */
  String spoken() {
    return outputs.stream()
        .filter(StreamingOutput.class::isInstance)
        .map(output -> ((StreamingOutput<AgentState>) output).chunk())
        .collect(Collectors.joining());
  }
}
