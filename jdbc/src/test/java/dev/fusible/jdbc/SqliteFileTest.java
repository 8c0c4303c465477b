package dev.fusible.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.fusible.CircuitBreakerStoreState;
import dev.fusible.StoreException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** What can be wrong with the file, when it is opened and later. */
class SqliteFileTest {

  @TempDir private Path folder;
  private Path file;
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  @BeforeEach
  void setUp() {
    file = folder.resolve("circuits.db");
    log.start();
    ((Logger) LoggerFactory.getLogger(SqliteCircuitBreakerStore.class)).addAppender(log);
  }

  @AfterEach
  void tearDown() {
    ((Logger) LoggerFactory.getLogger(SqliteCircuitBreakerStore.class)).detachAppender(log);
  }

  private static CircuitBreakerStoreState read(SqliteCircuitBreakerStore store) {
    return store.getState("b").toCompletableFuture().join();
  }

  private static void writeOnce(Path file) {
    try (SqliteCircuitBreakerStore store = SqliteCircuitBreakerStore.open(file)) {
      assertThat(read(store).version()).isEqualTo(1);
      store.setState("b", StoreProcess.state("b", 1, "w")).toCompletableFuture().join();
    }
  }

  private List<String> aside() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(path -> path.getFileName().toString())
          .filter(name -> name.contains(".corrupt-"))
          .sorted()
          .toList();
    }
  }

  static void assertFails(CompletionStage<?> stage, String code) {
    assertThatThrownBy(() -> stage.toCompletableFuture().join())
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOfSatisfying(
            StoreException.class, failure -> assertThat(failure.code()).isEqualTo(code));
  }

  @Test
  void folders_and_file_are_created_and_found_again() {
    Path deep = folder.resolve("a/b c/circuits.db");
    writeOnce(deep);

    try (SqliteCircuitBreakerStore store = SqliteCircuitBreakerStore.open(deep)) {
      assertThat(read(store).version()).isEqualTo(2);
    }
    assertThat(log.list).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 600, 100_000})
  void a_file_of_garbage_is_moved_aside(int length) throws IOException {
    byte[] garbage = new byte[length];
    new Random(1).nextBytes(garbage);
    Files.write(file, garbage);

    try (SqliteCircuitBreakerStore store = SqliteCircuitBreakerStore.open(file)) {
      assertThat(read(store).version()).isEqualTo(1);
    }

    assertThat(aside()).hasSize(1);
    assertThat(aside().get(0)).matches("circuits\\.db\\.corrupt-\\d{8}T\\d{9}Z");
    assertThat(folder.resolve(aside().get(0))).hasBinaryContent(garbage);
    assertThat(log.list).hasSize(1);
    assertThat(log.list.get(0).getKeyValuePairs())
        .extracting(pair -> pair.key + "=" + pair.value)
        .containsExactly(
            "event=store_quarantined", "errorCode=corrupt", "movedTo=" + aside().get(0));
  }

  @Test
  void damage_within_the_file_is_found() throws IOException {
    try (SqliteCircuitBreakerStore store = SqliteCircuitBreakerStore.open(file)) {
      for (int i = 0; i < 200; i++) {
        store.getState("business-" + i).toCompletableFuture().join();
      }
    }
    overwriteAfter(2 * 4_096);

    writeOnce(file);

    assertThat(aside()).hasSize(1);
  }

  @Test
  void damage_that_comes_later_fails_one_operation_and_is_moved_aside_by_the_next()
      throws Exception {
    try (SqliteCircuitBreakerStore store = SqliteCircuitBreakerStore.open(file)) {
      read(store);
      try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + file);
          Statement statement = other.createStatement()) {
        // Whoever reads after this reads the file, and not what it remembers of it.
        statement.execute("UPDATE voice_circuit_breaker_state SET version = version + 1");
        statement.execute("PRAGMA wal_checkpoint(TRUNCATE)");
      }
      overwriteAfter(100);

      assertFails(store.getState("b"), "corrupt");
      assertThat(aside()).isEmpty();
      assertThat(read(store).version()).isEqualTo(1);
      assertThat(aside()).isNotEmpty();
    }
  }

  private void overwriteAfter(long start) throws IOException {
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      long length = bytes.length();
      bytes.seek(start);
      for (long i = start; i < length; i++) {
        bytes.write(0xa5);
      }
    }
  }

  @Test
  void of_two_that_find_the_file_damaged_one_moves_it_and_both_share_the_new_one()
      throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      for (int round = 0; round < 30; round++) {
        Path damaged = folder.resolve("round-" + round + ".db");
        Files.writeString(damaged, "garbage".repeat(1_000));
        CyclicBarrier start = new CyclicBarrier(2);
        List<Future<SqliteCircuitBreakerStore>> opening = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
          opening.add(
              threads.submit(
                  () -> {
                    start.await();
                    return SqliteCircuitBreakerStore.open(damaged);
                  }));
        }
        try (SqliteCircuitBreakerStore one = opening.get(0).get();
            SqliteCircuitBreakerStore two = opening.get(1).get()) {
          read(one);
          one.setState("b", StoreProcess.state("b", 1, "w")).toCompletableFuture().join();
          assertThat(read(two).version()).isEqualTo(2);
        }
      }
    } finally {
      threads.shutdown();
    }
    assertThat(aside()).hasSize(30);
  }

  @Test
  void a_path_that_can_be_no_file_is_refused_with_its_name() throws IOException {
    Path isFile = Files.createFile(folder.resolve("file"));

    assertThatThrownBy(() -> SqliteCircuitBreakerStore.open(folder))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(folder.toString());
    assertThatThrownBy(() -> SqliteCircuitBreakerStore.open(isFile.resolve("circuits.db")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(isFile.toString());
  }

  @Test
  void a_file_that_another_holds_locked_delays_nothing_but_its_operations() throws SQLException {
    writeOnce(file);
    try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement statement = other.createStatement()) {
      statement.execute("PRAGMA locking_mode = EXCLUSIVE");
      statement.execute("BEGIN IMMEDIATE");
      try (SqliteCircuitBreakerStore store = SqliteCircuitBreakerStore.open(file)) {
        assertFails(store.setState("b", StoreProcess.state("b", 2, "w")), "locked");
        statement.execute("COMMIT");
        other.close();

        assertThat(read(store).version()).isEqualTo(2);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "5,locked", "6,locked", "261,locked", "8,readonly", "1032,readonly", "3,readonly",
    "13,disk_full", "10,io", "778,io", "11,corrupt", "267,corrupt", "26,corrupt",
    "14,cannot_open", "1,sqlite_1", "19,sqlite_19", "0,sqlite_0"
  })
  void sqlites_codes_come_out_as_words(int code, String word) {
    assertThat(SqliteFile.codeOf(new SQLException("with a value", null, code))).isEqualTo(word);
  }
}
