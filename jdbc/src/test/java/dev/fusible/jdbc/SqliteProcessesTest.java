package dev.fusible.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several processes on one file, and processes that die. */
class SqliteProcessesTest {

  private static final int VERSIONS = 3_000;

  @TempDir private Path folder;
  private final List<Process> started = new ArrayList<>();

  @AfterEach
  void endProcesses() throws InterruptedException {
    for (Process process : started) {
      process.destroyForcibly().waitFor();
    }
  }

  private Process process(String shell, String... arguments) throws IOException {
    Process process = StoreProcess.start(shell, folder.resolve("circuits.db"), arguments);
    started.add(process);
    return process;
  }

  private static void go(Process process) throws IOException {
    process.getOutputStream().write('\n');
    process.getOutputStream().flush();
  }

  private long versionInFile() {
    try (SqliteCircuitBreakerStore store =
        SqliteCircuitBreakerStore.open(folder.resolve("circuits.db"))) {
      return store.getState("b").toCompletableFuture().join().version();
    }
  }

  @Test
  void of_two_processes_that_race_for_a_version_one_wins() throws Exception {
    Process one = process("", "race", "one", "" + VERSIONS);
    Process two = process("", "race", "two", "" + VERSIONS);
    BufferedReader fromOne = one.inputReader();
    BufferedReader fromTwo = two.inputReader();
    assertThat(List.of(fromOne.readLine(), fromTwo.readLine())).containsOnly("ready");
    go(one);
    go(two);

    List<Long> wonByOne = fromOne.lines().map(Long::valueOf).toList();
    List<Long> wonByTwo = fromTwo.lines().map(Long::valueOf).toList();

    assertThat(one.waitFor()).isZero();
    assertThat(two.waitFor()).isZero();
    List<Long> all = new ArrayList<>(wonByOne);
    all.addAll(wonByTwo);
    assertThat(all)
        .containsExactlyInAnyOrderElementsOf(LongStream.rangeClosed(1, VERSIONS).boxed().toList());
    assertThat(wonByOne).isNotEmpty();
    assertThat(wonByTwo).isNotEmpty();
    assertThat(versionInFile()).isEqualTo(VERSIONS);
  }

  @Test
  void what_was_acknowledged_before_a_kill_is_in_the_file() throws Exception {
    Process process = process("", "count");
    BufferedReader output = process.inputReader();
    assertThat(output.readLine()).isEqualTo("ready");
    go(process);
    while (Long.parseLong(output.readLine()) < 200) {
      // It goes on writing.
    }

    // Of the handle, since the process's own method throws away what was not read yet.
    assertThat(process.toHandle().destroyForcibly()).isTrue();
    process.waitFor();

    List<Long> rest = new ArrayList<>();
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      rest.add(Long.valueOf(line));
    }
    long acknowledged = rest.isEmpty() ? 200 : rest.get(rest.size() - 1);
    assertThat(versionInFile()).isBetween(acknowledged, acknowledged + 1);
  }

  @Test
  void a_disk_that_takes_no_more_fails_the_write_and_keeps_what_was_acknowledged()
      throws IOException {
    Process process = process("ulimit -f 2000;", "fill");
    go(process);

    List<String> lines = StoreProcess.lines(process);

    assertThat(lines).startsWith("ready").hasSizeGreaterThan(20).endsWith("failed io");
    List<String> acknowledged = lines.subList(1, lines.size() - 1);
    try (SqliteCircuitBreakerStore store =
        SqliteCircuitBreakerStore.open(folder.resolve("circuits.db"))) {
      assertThat(store.getStates(acknowledged).toCompletableFuture().join().values())
          .hasSameSizeAs(acknowledged)
          .allSatisfy(row -> assertThat(row.version()).isEqualTo(1));
    }
  }
}
