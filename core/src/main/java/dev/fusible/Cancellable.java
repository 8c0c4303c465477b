package dev.fusible;

/** A scheduled task that can be called off. Thread-safe. */
@FunctionalInterface
public interface Cancellable {

  /** Calls the task off if it has not started. Calling it again does nothing. */
  void cancel();
}
