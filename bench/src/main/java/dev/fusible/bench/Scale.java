package dev.fusible.bench;

import dev.fusible.CircuitBreakerConfig;
import dev.fusible.CircuitBreakerState;
import dev.fusible.CircuitBreakerStore;
import dev.fusible.ExecutionResult;
import dev.fusible.FallbackResponse;
import dev.fusible.VoiceCircuitBreakers;
import dev.fusible.jdbc.SqliteCircuitBreakerStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/**
 * A million businesses in one process, an attacker who invents ids, and what calls leave behind.
 */
final class Scale {

  private static final int MILLION = 1_000_000;
  private static final Operation<String> ANSWERING = new Operation.Answering<>("answer");
  private static final CircuitBreakerConfig UNLIMITED =
      CircuitBreakerConfig.builder().timeout(Duration.ZERO).build();

  private static final String OPEN_ROWS =
      """
      WITH RECURSIVE number(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM number WHERE i < %d)
      INSERT INTO voice_circuit_breaker_state
        (kind, business_id, state, failure_count, request_count, generation, version, opened_at,
         failed_trials, last_error_code, hold, write_id, change)
      SELECT 'business', 'business-' || i, 'OPEN', 10, 10, 1, 1, unixepoch() * 1000, 0, 'timeout',
        'NONE', 'before', i + 1 FROM number
      """;

  private Scale() {}

  public static void main(String[] arguments) throws IOException, SQLException {
    million();
    p99();
    open();
    attacker();
    leftBehind();
    armed();
    System.exit(0);
  }

  private static void say(String what, String format, Object... values) {
    System.out.printf(Locale.ROOT, "| %s | " + format + " |%n", prepend(what, values));
  }

  private static Object[] prepend(String what, Object[] values) {
    Object[] all = new Object[values.length + 1];
    all[0] = what;
    System.arraycopy(values, 0, all, 1, values.length);
    return all;
  }

  private static String[] ids(String prefix, int many) {
    String[] ids = new String[many];
    Arrays.setAll(ids, i -> prefix + i);
    return ids;
  }

  private static VoiceCircuitBreakers breakers(CircuitBreakerStore store, int bound) {
    return VoiceCircuitBreakers.builder().store(store).maxCircuits(bound).config(UNLIMITED).build();
  }

  private static void million() {
    String[] ids = ids("business-", MILLION);
    CountingStore store = new CountingStore(CircuitBreakerStore.inMemory());
    long empty = Heap.used();
    long start = System.nanoTime();
    VoiceCircuitBreakers breakers = breakers(store, 2 * MILLION);
    for (String id : ids) {
      String unused = breakers.forBusiness(id).execute(ANSWERING, FallbackResponse::text);
    }
    long created = System.nanoTime() - start;
    for (String id : ids) {
      while (!breakers.forBusiness(id).isLoaded()) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
      }
    }
    long loaded = System.nanoTime() - start;
    long used = Heap.used() - empty;
    say("1,000,000 circuits made and called once", "%.0f ns each", created / 1e6);
    say("all their rows read", "after %.2f s, %d queries", loaded / 1e9, store.readings());
    say("heap of 1,000,000 loaded circuits", "%.0f MB", used / 1e6);
    long before = store.queries();
    LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(30));
    say("queries of the idle instance in 30 s", "%d", store.queries() - before);
    breakers.close();
    store.close();
  }

  /**
   * The same calls among 1,000 circuits and among 1,000,000; and beside them what it takes to find
   * an id in a map and to touch what it stands for.
   */
  private static void p99() {
    for (int circuits : new int[] {1_000, MILLION}) {
      String[] ids = ids("business-", circuits);
      try (VoiceCircuitBreakers breakers = breakers(CircuitBreakerStore.inMemory(), 2 * MILLION)) {
        sayTimes(
            String.format(Locale.ROOT, "look-up and call among %,d", circuits),
            ids,
            id -> breakers.forBusiness(id).execute(ANSWERING, FallbackResponse::text));
      }
      ConcurrentHashMap<String, AtomicLong> map = new ConcurrentHashMap<>();
      sayTimes(
          String.format(Locale.ROOT, "a count in a plain map of %,d", circuits),
          ids,
          id -> map.computeIfAbsent(id, unused -> new AtomicLong()).getAndIncrement());
    }
  }

  private static void sayTimes(String what, String[] ids, Function<String, Object> call) {
    for (String id : ids) {
      Object unused = call.apply(id);
    }
    Random random = new Random(1);
    long[] nanos = new long[2 * MILLION];
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < nanos.length; i++) {
        String id = ids[random.nextInt(ids.length)];
        long start = System.nanoTime();
        Object unused = call.apply(id);
        nanos[i] = System.nanoTime() - start;
      }
    }
    Arrays.sort(nanos);
    say(
        what,
        "p50 %,d ns, p99 %,d ns, p99.9 %,d ns",
        nanos[nanos.length / 2],
        nanos[nanos.length / 100 * 99],
        nanos[nanos.length / 1_000 * 999]);
  }

  /** A process that starts while 100,000 circuits are open in SQLite. */
  private static void open() throws IOException, SQLException {
    int open = 100_000;
    String[] ids = ids("business-", open);
    Path file = Files.createTempDirectory("fusible-scale").resolve("circuits.db");
    SqliteCircuitBreakerStore.open(file).close();
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement statement = connection.createStatement()) {
      statement.execute(OPEN_ROWS.formatted(open - 1));
    }
    CountingStore store = new CountingStore(SqliteCircuitBreakerStore.open(file));
    long start = System.nanoTime();
    VoiceCircuitBreakers breakers = breakers(store, 2 * MILLION);
    for (String id : ids) {
      CircuitBreakerState unused = breakers.forBusiness(id).state();
    }
    long made = System.nanoTime() - start;
    for (String id : ids) {
      while (breakers.forBusiness(id).state() != CircuitBreakerState.OPEN) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
      }
    }
    say(
        "start-up with 100,000 OPEN rows in SQLite",
        "calls after %.0f ms, all OPEN after %.0f ms, %d queries",
        made / 1e6,
        (System.nanoTime() - start) / 1e6,
        store.queries());
    breakers.close();
    store.close();
  }

  private static void attacker() {
    CircuitBreakerStore store = CircuitBreakerStore.inMemory();
    VoiceCircuitBreakers breakers = breakers(store, 100_000);
    long empty = Heap.used();
    long start = System.nanoTime();
    for (int i = 0; i < 3 * MILLION; i++) {
      String unused =
          breakers.forBusiness("invented-" + i).execute(ANSWERING, FallbackResponse::text);
    }
    long took = System.nanoTime() - start;
    say(
        "3,000,000 invented ids, at most 100,000 circuits",
        "%.0f ns each, %.0f MB kept",
        took / 3e6,
        (Heap.used() - empty) / 1e6);
    breakers.close();
    store.close();
  }

  private static void leftBehind() {
    int calls = 10 * MILLION;
    VoiceCircuitBreakers breakers = VoiceCircuitBreakers.builder().build();
    Operation<CompletionStage<String>> complete =
        new Operation.Answering<>(CompletableFuture.completedFuture("answer"));
    for (int i = 0; i < MILLION; i++) {
      limited(breakers, complete);
    }
    long before = Heap.used();
    for (int i = 0; i < calls; i++) {
      limited(breakers, complete);
    }
    // Read at once: nothing is given the time to fall due.
    long left = Heap.used() - before;
    say("left behind by a limited call, of 10,000,000", "%.3f bytes", (double) left / calls);
    breakers.close();
  }

  private static void limited(
      VoiceCircuitBreakers breakers, Operation<CompletionStage<String>> operation) {
    ExecutionResult<String> result =
        breakers
            .forBusiness("clinica-sonrisa")
            .<String>executeAsync(operation)
            .toCompletableFuture()
            .join();
    if (result.isFallback()) {
      throw new IllegalStateException();
    }
  }

  /** What a limited call costs while a million others wait for their answers. */
  private static void armed() {
    VoiceCircuitBreakers breakers =
        VoiceCircuitBreakers.builder()
            .config(CircuitBreakerConfig.builder().timeout(Duration.ofMinutes(5)).build())
            .build();
    Operation<CompletionStage<String>> complete =
        new Operation.Answering<>(CompletableFuture.completedFuture("answer"));
    double alone = nanosOfLimited(breakers, complete);
    long before = Heap.used();
    @SuppressWarnings({"unchecked", "rawtypes"})
    CompletableFuture<String>[] answers = new CompletableFuture[MILLION];
    Arrays.setAll(answers, i -> new CompletableFuture<>());
    CompletionStage<?>[] calls = new CompletionStage<?>[MILLION];
    long start = System.nanoTime();
    for (int i = 0; i < MILLION; i++) {
      CompletableFuture<String> answer = answers[i];
      calls[i] = breakers.forBusiness("clinica-sonrisa").<String>executeAsync(() -> answer);
    }
    long begun = System.nanoTime() - start;
    long held = Heap.used() - before;
    double amid = nanosOfLimited(breakers, complete);
    start = System.nanoTime();
    for (CompletableFuture<String> answer : answers) {
      answer.complete("answer");
    }
    long ended = System.nanoTime() - start;
    say(
        "1,000,000 calls in flight",
        "%.0f bytes each, begun in %.0f ns, ended in %.0f ns",
        held / 1e6,
        begun / 1e6,
        ended / 1e6);
    say("a limited call alone, and amid 1,000,000 armed timers", "%.0f ns, %.0f ns", alone, amid);
    breakers.close();
  }

  private static double nanosOfLimited(
      VoiceCircuitBreakers breakers, Operation<CompletionStage<String>> operation) {
    double best = Double.MAX_VALUE;
    for (int round = 0; round < 10; round++) {
      long start = System.nanoTime();
      for (int i = 0; i < MILLION / 2; i++) {
        limited(breakers, operation);
      }
      best = Math.min(best, (System.nanoTime() - start) / (MILLION / 2.0));
    }
    return best;
  }
}
