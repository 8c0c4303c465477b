package dev.fusible.langgraph4j;

import java.util.Map;
import java.util.concurrent.Executor;
import org.slf4j.MDC;

/** Carries what the caller's log lines say of it (SLF4J's MDC) to the threads that work for it. */
final class CallerContext {

  private CallerContext() {}

  /** An executor whose tasks have the logging context of the thread that calls this. */
  static Executor carriedTo(Executor executor) {
    Map<String, String> context = MDC.getCopyOfContextMap();
    if (context == null || context.isEmpty()) {
      return executor;
    }
    return task -> executor.execute(() -> runIn(context, task));
  }

  private static void runIn(Map<String, String> context, Runnable task) {
    Map<String, String> before = MDC.getCopyOfContextMap();
    MDC.setContextMap(context);
    try {
      task.run();
    } finally {
      if (before == null) {
        MDC.clear();
      } else {
        MDC.setContextMap(before);
      }
    }
  }
}
