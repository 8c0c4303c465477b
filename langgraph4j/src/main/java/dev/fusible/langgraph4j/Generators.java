package dev.fusible.langgraph4j;

import java.util.Map;
import org.bsc.async.AsyncGenerator;
import org.bsc.langgraph4j.NodeOutput;
import org.jspecify.annotations.Nullable;

/** The generators in what a node answers with. */
final class Generators {

  private Generators() {}

  /** The entry that makes a node one that streams: the first, as the library has it. */
  static Map.@Nullable Entry<String, Object> in(Map<String, Object> update) {
    for (Map.Entry<String, Object> entry : update.entrySet()) {
      if (entry.getValue() instanceof AsyncGenerator) {
        return entry;
      }
    }
    return null;
  }

  @SuppressWarnings("unchecked") // The library takes it for this too.
  static AsyncGenerator<NodeOutput<?>> of(Map.Entry<String, Object> entry) {
    return (AsyncGenerator<NodeOutput<?>>) entry.getValue();
  }

  static void cancelAll(Map<String, Object> update) {
    update.values().forEach(Generators::cancel);
  }

  /** Cancels what can be; a generator that fails at it is no less out of use. */
  static void cancel(@Nullable Object generator) {
    if (generator instanceof AsyncGenerator.IsCancellable cancellable) {
      try {
        cancellable.cancel(true);
      } catch (RuntimeException brokenGenerator) {
        // Nobody pulls it any more.
      }
    }
  }
}
