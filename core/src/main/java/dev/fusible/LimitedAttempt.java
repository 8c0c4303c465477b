package dev.fusible;

import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * The permit of an asynchronous call with a limit, for as long as the call has no future: most
 * operations have answered when they return, and never need one. The timer runs it when the limit
 * passes: it settles the attempt first, and only if that was its to do it looks for a future. So
 * whoever finds that the limit passed finds a timeout that counts. Whether the future or the limit
 * was first is decided by one compare-and-set.
 */
final class LimitedAttempt extends Attempt implements Runnable {

  private static final long serialVersionUID = 1L;

  private static final Object PASSED = new Object();

  private static final AtomicReferenceFieldUpdater<LimitedAttempt, Object> CONCERNED =
      AtomicReferenceFieldUpdater.newUpdater(LimitedAttempt.class, Object.class, "concerned");

  /** The call's future, or that the limit passed before there was one. */
  private transient volatile @Nullable Object concerned;

  LimitedAttempt(Circuit circuit, long generation) {
    super(circuit, generation);
  }

  /** From now on the limit is the future's concern; {@code false} if it has passed already. */
  boolean concerns(AsyncCall<?> future) {
    return CONCERNED.compareAndSet(this, null, future);
  }

  @Override
  public void run() {
    if (timedOut()
        && !CONCERNED.compareAndSet(this, null, PASSED)
        && concerned instanceof AsyncCall<?> future) {
      future.expire();
    }
  }
}
