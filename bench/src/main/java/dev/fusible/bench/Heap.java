package dev.fusible.bench;

import java.lang.management.ManagementFactory;

/**
 * How much heap a circuit keeps that has had one call: {@code Heap <subject>} prints bytes. The
 * businesses' ids are not counted; what the library, or a map that it needs, keeps for each of them
 * is.
 */
final class Heap {

  private static final int CIRCUITS = 100_000;

  private Heap() {}

  public static void main(String[] arguments) {
    String[] ids = new String[CIRCUITS];
    for (int i = 0; i < CIRCUITS; i++) {
      ids[i] = "business-" + i;
    }
    Operation<String> answering = new Operation.Answering<>("answer");
    try (Subject subject = Subjects.open(arguments[0], Row.HEAP)) {
      // What the library has for all circuits is there before the first reading.
      subject.callFor("first", answering);
      long before = used();
      for (String id : ids) {
        subject.callFor(id, answering);
      }
      long after = used();
      System.out.println((after - before) / CIRCUITS);
      if (!subject.callFor(ids[0], answering).equals("answer")) {
        throw new IllegalStateException();
      }
    }
    // Some libraries leave threads behind that would keep the process.
    System.exit(0);
  }

  /** What is in use after the garbage is gone. */
  static long used() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      System.gc();
      least = Math.min(least, ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
    }
    return least;
  }
}
