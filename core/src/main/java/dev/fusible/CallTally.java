package dev.fusible;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * How many calls began, and how many of them succeeded: what every call of a healthy circuit
 * counts. Thread-safe.
 *
 * <p>An atomic addition costs more than all the rest of such a call, so most calls do without. The
 * first thread that calls a circuit owns two counts that nobody else writes; all others add
 * atomically to two more. Where several threads call so fast that they keep taking the counts out
 * of each other's caches, the tally becomes wide: a cell for each thread, on cache lines of its
 * own, and a few shared ones for the threads that are left over. Most circuits never become wide,
 * which keeps a million of them small.
 *
 * <p>A cell belongs to a thread by the thread's id, so that a tally keeps no thread alive. Ids are
 * never used again.
 */
class CallTally {

  /** So many calls of other threads within a millisecond or two make a tally wide. */
  private static final int CROWD = 1_024;

  private static final int CELLS =
      Integer.highestOneBit(Math.max(2, Runtime.getRuntime().availableProcessors()) * 4 - 1);

  private static final VarHandle OWNER;
  private static final VarHandle OWN_STARTED;
  private static final VarHandle OWN_SUCCEEDED;
  private static final VarHandle STARTED;
  private static final VarHandle SUCCEEDED;
  private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(Cell[].class);

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

  /** The id of the thread that the two counts after it belong to; 0 while they are nobody's. */
  private volatile long owner;

  private long ownStarted;
  private long ownSucceeded;

  private volatile long started;
  private volatile long succeeded;

  /** How many calls of others came since {@link #watchedMillis}; to miss some does no harm. */
  private int crowd;

  private int watchedMillis;
  private volatile Cell @Nullable [] cells;

  /** A call begins. */
  final void start() {
    long me = Thread.currentThread().getId();
    if (cells == null && (long) OWNER.getOpaque(this) == me) {
      OWN_STARTED.setOpaque(this, ownStarted + 1);
    } else {
      startedBy(me, 1);
    }
  }

  /** A call that had begun did not run after all. */
  final void takeBack() {
    startedBy(Thread.currentThread().getId(), -1);
  }

  /** A call has succeeded. */
  final void succeed() {
    long me = Thread.currentThread().getId();
    if (cells == null && (long) OWNER.getOpaque(this) == me) {
      OWN_SUCCEEDED.setOpaque(this, ownSucceeded + 1);
    } else {
      succeededBy(me);
    }
  }

  private void startedBy(long me, int change) {
    Cell[] wide = cells;
    if (wide != null) {
      Cell cell = cellOf(wide, me);
      if (cell.owner == me) {
        Cell.STARTED.setOpaque(cell, cell.started + change);
      } else {
        long unused = (long) Cell.STARTED.getAndAdd(cell, change);
      }
    } else if (isOwner(me)) {
      OWN_STARTED.setOpaque(this, ownStarted + change);
    } else {
      long unused = (long) STARTED.getAndAdd(this, change);
      crowded();
    }
  }

  private void succeededBy(long me) {
    Cell[] wide = cells;
    if (wide != null) {
      Cell cell = cellOf(wide, me);
      if (cell.owner == me) {
        Cell.SUCCEEDED.setOpaque(cell, cell.succeeded + 1);
      } else {
        long unused = (long) Cell.SUCCEEDED.getAndAdd(cell, 1);
      }
    } else if (isOwner(me)) {
      OWN_SUCCEEDED.setOpaque(this, ownSucceeded + 1);
    } else {
      long unused = (long) SUCCEEDED.getAndAdd(this, 1);
    }
  }

  private boolean isOwner(long me) {
    return owner == me || (owner == 0 && OWNER.compareAndSet(this, 0L, me));
  }

  private void crowded() {
    if (++crowd < CROWD) {
      return;
    }
    crowd = 0;
    int now = (int) (System.nanoTime() / 1_000_000);
    if (now - watchedMillis > 1) {
      watchedMillis = now;
      return;
    }
    synchronized (this) {
      if (cells == null) {
        cells = new Cell[CELLS];
      }
    }
  }

  /** The thread's own cell or, where all are taken, one that it shares. */
  private static Cell cellOf(Cell[] wide, long me) {
    int mask = wide.length - 1;
    int own = wide.length / 2;
    // Half of the cells are owned, the other half shared.
    for (int i = 0; i < own; i++) {
      int place = (int) (me + i) & (own - 1);
      Cell cell = wide[place];
      if (cell == null) {
        cell = made(wide, place, me);
      }
      if (cell.owner == me) {
        return cell;
      }
    }
    int place = own + ((int) me & (mask >> 1));
    Cell shared = wide[place];
    return shared != null ? shared : made(wide, place, 0);
  }

  private static Cell made(Cell[] wide, int place, long owner) {
    Cell made = new Cell(owner);
    Cell other = (Cell) CELL.compareAndExchange(wide, place, null, made);
    return other == null ? made : other;
  }

  final long started() {
    long sum = (long) OWN_STARTED.getOpaque(this) + started;
    Cell[] wide = cells;
    if (wide != null) {
      for (int i = 0; i < wide.length; i++) {
        Cell cell = (Cell) CELL.getAcquire(wide, i);
        sum += cell == null ? 0 : (long) Cell.STARTED.getOpaque(cell);
      }
    }
    return sum;
  }

  final long succeeded() {
    long sum = (long) OWN_SUCCEEDED.getOpaque(this) + succeeded;
    Cell[] wide = cells;
    if (wide != null) {
      for (int i = 0; i < wide.length; i++) {
        Cell cell = (Cell) CELL.getAcquire(wide, i);
        sum += cell == null ? 0 : (long) Cell.SUCCEEDED.getOpaque(cell);
      }
    }
    return sum;
  }

  /** The counts of one thread, or of those that share it. */
  private static final class Cell extends Apart {

    static final VarHandle STARTED;
    static final VarHandle SUCCEEDED;

    static {
      try {
        MethodHandles.Lookup here = MethodHandles.lookup();
        STARTED = here.findVarHandle(Cell.class, "started", long.class);
        SUCCEEDED = here.findVarHandle(Cell.class, "succeeded", long.class);
      } catch (ReflectiveOperationException impossible) {
        throw new ExceptionInInitializerError(impossible);
      }
    }

    /** The id of the only thread that writes here; 0 for a shared cell. */
    final long owner;

    long started;
    long succeeded;

    Cell(long owner) {
      this.owner = owner;
    }
  }
}
