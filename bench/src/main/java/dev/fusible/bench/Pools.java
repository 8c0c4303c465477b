package dev.fusible.bench;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The threads that libraries are given. */
final class Pools {

  private Pools() {}

  static ExecutorService cached() {
    return Executors.newCachedThreadPool(
        task -> {
          Thread thread = new Thread(task, "operation");
          thread.setDaemon(true);
          return thread;
        });
  }

  /** Virtual threads on 21 and later, otherwise pooled ones. */
  static ExecutorService virtual() {
    try {
      return (ExecutorService)
          Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
    } catch (ReflectiveOperationException before21) {
      return cached();
    }
  }
}
