package dev.fusible;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * How many calls began, and how many of them succeeded. Thread-safe.
 *
 * <p>An atomic addition costs more than all the rest of a healthy call, so most calls do without:
 * the first thread that comes owns two counts that nobody else writes, and all others add
 * atomically to two more. Ownership never changes hands, so there is no race for it but the first
 * one, which a compare-and-set settles. An owner is known by its id, so that a count keeps no
 * thread alive; ids are never used again.
 */
class CallCount {

  private static final VarHandle OWNER;
  private static final VarHandle OWN_STARTED;
  private static final VarHandle OWN_SUCCEEDED;
  private static final VarHandle STARTED;
  private static final VarHandle SUCCEEDED;

  static {
    try {
      MethodHandles.Lookup here = MethodHandles.lookup();
      OWNER = here.findVarHandle(CallCount.class, "owner", long.class);
      OWN_STARTED = here.findVarHandle(CallCount.class, "ownStarted", long.class);
      OWN_SUCCEEDED = here.findVarHandle(CallCount.class, "ownSucceeded", long.class);
      STARTED = here.findVarHandle(CallCount.class, "started", long.class);
      SUCCEEDED = here.findVarHandle(CallCount.class, "succeeded", long.class);
    } catch (ReflectiveOperationException impossible) {
      throw new ExceptionInInitializerError(impossible);
    }
  }

  /** 0 while there is none. */
  private volatile long owner;

  private long ownStarted;
  private long ownSucceeded;
  private volatile long started;
  private volatile long succeeded;

  /** Adds to the calls that began; {@code false} if that took an atomic addition. */
  final boolean start(long thread, int calls) {
    if (isOwner(thread)) {
      OWN_STARTED.setOpaque(this, ownStarted + calls);
      return true;
    }
    long unused = (long) STARTED.getAndAdd(this, calls);
    return false;
  }

  /** One more has succeeded. */
  final void succeed(long thread) {
    if (isOwner(thread)) {
      OWN_SUCCEEDED.setOpaque(this, ownSucceeded + 1);
    } else {
      long unused = (long) SUCCEEDED.getAndAdd(this, 1);
    }
  }

  private boolean isOwner(long thread) {
    long present = owner;
    return present == thread || (present == 0 && OWNER.compareAndSet(this, 0L, thread));
  }

  final long startedHere() {
    return (long) OWN_STARTED.getOpaque(this) + started;
  }

  final long succeededHere() {
    return (long) OWN_SUCCEEDED.getOpaque(this) + succeeded;
  }
}
