package dev.fusible.bench;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Sees to it, before anything is timed, that each subject does its work. */
final class Check {

  private static final long LIMIT_MILLIS = 200;
  private static final long OVERRUN_MILLIS = 1_500;

  /** Half a second of grace, for a machine that is busy. */
  private static final long LATEST_MILLIS = LIMIT_MILLIS + 500;

  private Check() {}

  /** Checks {@code name} in {@code row}; what was seen, in words. */
  static String check(String name, Row row) {
    return name.equals(Subjects.BARE)
        ? "no guard"
        : opens(name, row) + (row.limit == Row.Limit.NONE ? "" : "; " + cutsOff(name, row));
  }

  private static String opens(String name, Row row) {
    if (name.equals(Subjects.FLOOR) && row.isAsync()) {
      return "no guard";
    }
    // In the cycle some have no wait, so that they are never seen open.
    try (Subject subject = Subjects.open(name, row == Row.CYCLE ? Row.CLOSED : row)) {
      int failures = subject.open(row);
      if (failures < Subject.FAILURES) {
        throw new IllegalStateException(name + " opened after " + failures + " failures");
      }
      return "opened after " + failures + " failures";
    }
  }

  private static String cutsOff(String name, Row row) {
    if (name.equals(Subjects.FLOOR)) {
      return "arms a timer that does nothing";
    }
    try (Subject subject = Subjects.open(name, row, LIMIT_MILLIS)) {
      long start = System.nanoTime();
      String heard =
          switch (row.limit) {
            case CALLER_FREED -> subject.callLimited(new Stubborn());
            case CALLER_INTERRUPTED -> subject.callLimited(new Asleep());
            default -> subject.answer(new Silent());
          };
      long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
      if (took < LIMIT_MILLIS - 5 || took > LATEST_MILLIS || heard.equals("late")) {
        throw new IllegalStateException(
            name + ", " + row.title + ": heard '" + heard + "' after " + took + " ms");
      }
      return "cut off after " + took + " ms";
    }
  }

  /** Holds its thread whatever is asked of it. */
  private static final class Stubborn extends Operation<String> {
    @Override
    public String get() {
      long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(OVERRUN_MILLIS);
      while (System.nanoTime() < end) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
      }
      return "late";
    }
  }

  /** Wakes up when it is interrupted. */
  private static final class Asleep extends Operation<String> {
    @Override
    public String get() {
      try {
        TimeUnit.MILLISECONDS.sleep(OVERRUN_MILLIS);
      } catch (InterruptedException interrupted) {
        throw new IllegalStateException(interrupted);
      }
      return "late";
    }
  }

  /** Never answers. */
  private static final class Silent extends Operation<CompletionStage<String>> {
    @Override
    public CompletionStage<String> get() {
      return new CompletableFuture<>();
    }
  }
}
