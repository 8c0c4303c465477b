package dev.fusible;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * How many calls began, and how many of them succeeded. Thread-safe.
 *
 * <p>An atomic addition costs more than all the rest of a healthy call, so most calls do without:
 * the first thread that comes owns two counts that nobody else writes, and all others add
 * atomically to two more. Ownership never changes hands, so there is no race for it but the first
 * one, which a compare-and-set settles. An owner is known by its id, so that a count keeps no
 * thread alive; ids are never used again.
 *
 * <p>Where several threads call so fast that they keep taking the counts out of each other's
 * caches, the tally becomes wide: from then on they count in a {@link WideTally}. Most circuits
 * never become wide, which keeps a million of them small. What was counted before stays where it
 * was counted, and a sum is over all of it.
 */
class CallTally {

  /** So many calls of other threads, a power of two, within a millisecond or two make it wide. */
  private static final int CROWD = 1_024;

  /** Where a call was counted that any thread may add to. */
  private static final int SHARED = -1;

  /** Where a call was counted that only its owner adds to; above it, a place of the wide tally. */
  private static final int OWNED = 0;

  private static final VarHandle OWNER;
  private static final VarHandle OWN_STARTED;
  private static final VarHandle OWN_SUCCEEDED;
  private static final VarHandle STARTED;
  private static final VarHandle SUCCEEDED;

  static {
    try {
      MethodHandles.Lookup here = MethodHandles.lookup();
      OWNER = here.findVarHandle(CallTally.class, "owner", long.class);
      OWN_STARTED = here.findVarHandle(CallTally.class, "ownStarted", long.class);
      OWN_SUCCEEDED = here.findVarHandle(CallTally.class, "ownSucceeded", long.class);
      STARTED = here.findVarHandle(CallTally.class, "started", long.class);
      SUCCEEDED = here.findVarHandle(CallTally.class, "succeeded", long.class);
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
  private volatile @Nullable WideTally wide;

  /**
   * How many calls of others came: the lowest bits; above them, the millisecond when the last
   * {@link #CROWD} were full. To miss some does no harm.
   */
  private int crowd;

  /** A call begins. Where it was counted, for {@link #succeedIn}. */
  final int start() {
    long me = Thread.currentThread().getId();
    WideTally counts = wide;
    if (counts != null) {
      return counts.start(me);
    }
    if (isOwner(me)) {
      OWN_STARTED.setOpaque(this, ownStarted + 1);
      return OWNED;
    }
    long unused = (long) STARTED.getAndAdd(this, 1L);
    crowded();
    return SHARED;
  }

  /**
   * A call has succeeded on the thread that began it. An owner's counts stay its own, so who it is
   * need not be asked again.
   */
  final void succeedIn(int place) {
    WideTally counts = wide;
    if (place == OWNED) {
      OWN_SUCCEEDED.setOpaque(this, ownSucceeded + 1);
    } else if (place == SHARED || counts == null) {
      long unused = (long) SUCCEEDED.getAndAdd(this, 1L);
    } else {
      counts.succeedIn(place);
    }
  }

  /** A call has succeeded, on any thread. */
  final void succeed() {
    long me = Thread.currentThread().getId();
    WideTally counts = wide;
    if (counts != null) {
      counts.succeed(me);
    } else if (isOwner(me)) {
      OWN_SUCCEEDED.setOpaque(this, ownSucceeded + 1);
    } else {
      long unused = (long) SUCCEEDED.getAndAdd(this, 1L);
    }
  }

  /** A call that had begun did not run after all. */
  final void takeBack() {
    long unused = (long) STARTED.getAndAdd(this, -1L);
  }

  /** Whether this thread, and no other, may add to what an owner adds to. */
  final boolean isOwner(long thread) {
    long present = owner;
    return present == thread || (present == 0 && OWNER.compareAndSet(this, 0L, thread));
  }

  private void crowded() {
    int counted = crowd + 1;
    if ((counted & (CROWD - 1)) != 0) {
      crowd = counted;
      return;
    }
    int now = (int) (System.nanoTime() / 1_000_000) * CROWD;
    crowd = now;
    if (isSoonAfter(counted - CROWD, now)) {
      widen();
    }
  }

  /** Whether it is a millisecond later at most. What is above the bits of the crowd goes round. */
  static boolean isSoonAfter(int before, int now) {
    int since = now - before;
    return since >= 0 && since <= CROWD;
  }

  private synchronized void widen() {
    wide = wide == null ? new WideTally() : wide;
  }

  final long started() {
    WideTally counts = wide;
    long here = (long) OWN_STARTED.getOpaque(this) + started;
    return counts == null ? here : here + counts.started();
  }

  final long succeeded() {
    WideTally counts = wide;
    long here = (long) OWN_SUCCEEDED.getOpaque(this) + succeeded;
    return counts == null ? here : here + counts.succeeded();
  }
}
