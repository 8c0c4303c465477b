package dev.fusible.langgraph4j;

import java.util.Map;
import org.bsc.async.AsyncGenerator;
import org.bsc.langgraph4j.NodeOutput;

/** The answer of a node whose callers listen to chunks: the sentence as one, and the update. */
final class SpokenFallback extends AsyncGenerator.BaseCancellable<NodeOutput<?>> {

  private final NodeOutput<?> chunk;
  private final Map<String, Object> update;
  private boolean said;

  SpokenFallback(NodeOutput<?> chunk, Map<String, Object> update) {
    this.chunk = chunk;
    this.update = update;
  }

  @Override
  public Data<NodeOutput<?>> next() {
    if (said) {
      return Data.done(update);
    }
    said = true;
    return Data.of(chunk);
  }
}
