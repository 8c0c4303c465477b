package dev.fusible;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Turns that are taken one at a time. In its turn a task may begin an operation that ends later, on
 * any thread or before it has even returned; until then there is no next turn. Whoever asks for a
 * turn while one is taken leaves it to the one who has it, so nobody waits and the stack does not
 * grow. What a turn writes, the next one sees. A turn that throws, as one may that finds no memory,
 * has begun no operation: whoever asks next has the next turn.
 */
final class Turns extends AtomicInteger {

  private static final long serialVersionUID = 1L;

  private volatile boolean busy;

  /** Runs {@code turn} now, or after the present one, or when the operation under way has ended. */
  void take(Runnable turn) {
    if (getAndIncrement() != 0) {
      return;
    }
    int missed = 1;
    try {
      do {
        if (!busy) {
          turn.run();
        }
        missed = addAndGet(-missed);
      } while (missed != 0);
    } catch (Throwable failure) {
      busy = false;
      set(0);
      throw failure;
    }
  }

  /** An operation begins, in a turn. */
  void begin() {
    busy = true;
  }

  /** The operation has ended: whoever says so takes the next turn. */
  void end() {
    busy = false;
  }

  boolean isBusy() {
    return busy;
  }

  boolean isIdle() {
    return get() == 0 && !busy;
  }
}
