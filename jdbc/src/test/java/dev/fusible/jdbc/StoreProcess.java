package dev.fusible.jdbc;

import dev.fusible.CircuitBreakerState;
import dev.fusible.CircuitBreakerStore;
import dev.fusible.CircuitBreakerStoreState;
import dev.fusible.Hold;
import dev.fusible.StoreException;
import dev.fusible.WriteResult;
import dev.fusible.WriteResult.Stale;
import dev.fusible.WriteResult.Written;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * A process of its own with a store on a SQLite file, which says on its standard output what the
 * store acknowledged, a line each.
 */
final class StoreProcess {

  private StoreProcess() {}

  /** Starts it; {@code shell} may limit it first, as in {@code ulimit -f 100;}. */
  static Process start(String shell, Path file, String... arguments) throws IOException {
    List<String> java = new ArrayList<>();
    java.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    java.addAll(List.of("-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-cp"));
    java.add(System.getProperty("java.class.path"));
    java.add(StoreProcess.class.getName());
    java.add(file.toString());
    java.addAll(List.of(arguments));
    List<String> command = new ArrayList<>(List.of("bash", "-c", shell + " exec \"$@\"", "bash"));
    command.addAll(java);
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  static List<String> lines(Process process) throws IOException {
    try (BufferedReader reader = process.inputReader()) {
      return reader.lines().toList();
    }
  }

  public static void main(String[] arguments) throws IOException {
    CircuitBreakerStore store = SqliteCircuitBreakerStore.open(Path.of(arguments[0]));
    System.out.println("ready");
    int unneeded = System.in.read();
    switch (arguments[1]) {
      case "count" -> count(store);
      case "race" -> race(store, arguments[2], Integer.parseInt(arguments[3]));
      case "fill" -> fill(store);
      default -> throw new IllegalArgumentException(arguments[1]);
    }
    store.close();
  }

  /** Writes versions of one row until it is killed. */
  private static void count(CircuitBreakerStore store) {
    for (long version = 0; ; version++) {
      System.out.println(written(store.setState("b", state("b", version, "w"))));
    }
  }

  /** Writes rows until the store takes no more, and says with which code. */
  private static void fill(CircuitBreakerStore store) {
    for (int i = 0; i < 100_000; i++) {
      String id = "business-" + i;
      try {
        written(store.setState(id, state(id, 0, "w".repeat(2_000))));
        System.out.println(id);
      } catch (CompletionException failure) {
        System.out.println("failed " + ((StoreException) failure.getCause()).code());
        return;
      }
    }
  }

  /** Writes and claims each version of one row against the other process, and says what it won. */
  private static void race(CircuitBreakerStore store, String name, int versions) {
    long version = 0;
    while (version < versions) {
      CompletionStage<WriteResult> attempt =
          version % 2 == 0
              ? store.setState("b", state("b", version, name))
              : store.claimTrial("b", version, name + version, Duration.ofMinutes(5));
      WriteResult result = attempt.toCompletableFuture().join();
      if (result instanceof Written won) {
        version = won.state().version();
        System.out.println(version);
      } else if (result instanceof Stale lost) {
        version = lost.current().version();
      }
    }
  }

  private static long written(CompletionStage<WriteResult> write) {
    return ((Written) write.toCompletableFuture().join()).state().version();
  }

  static CircuitBreakerStoreState state(String id, long version, String writeId) {
    return new CircuitBreakerStoreState(
        id,
        CircuitBreakerState.CLOSED,
        1,
        1,
        0,
        version,
        null,
        0,
        null,
        null,
        Hold.NONE,
        null,
        Duration.ZERO,
        writeId);
  }
}
