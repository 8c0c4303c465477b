package dev.fusible.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fusible.CircuitBreakerState;
import dev.fusible.ExecutionResult;
import dev.fusible.VoiceCircuitBreakers;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** What two instances cost a PostgreSQL that counts its statements, on real time. */
@EnabledIfEnvironmentVariable(named = "FUSIBLE_TEST_PG_URL", matches = ".+")
class RoundTripsTest {

  private static final int INSTANCES = 2;
  private static final int BUSINESSES = 1_000;
  private static final int CALLS = 100_000;

  /** All that the application's role has sent. */
  private static final String STATEMENTS =
      """
      select coalesce(sum(calls), 0) from pg_stat_statements
      where dbid = (select oid from pg_database where datname = current_database())
        and userid = 'fusible_app'::regrole and query ilike '%s'
      """;

  private TestDatabase database;
  private List<SupabaseCircuitBreakerStore> stores;
  private List<VoiceCircuitBreakers> instances;

  @BeforeEach
  void start() throws SQLException {
    String url = System.getenv("FUSIBLE_TEST_PG_URL");
    database = TestDatabase.on(url, url);
    database.sql("create extension pg_stat_statements");
    stores =
        IntStream.range(0, INSTANCES)
            .mapToObj(i -> SupabaseCircuitBreakerStore.connect(database.appUrl()))
            .toList();
    instances = stores.stream().map(s -> VoiceCircuitBreakers.builder().store(s).build()).toList();
  }

  @AfterEach
  void end() throws SQLException {
    instances.forEach(VoiceCircuitBreakers::close);
    stores.forEach(SupabaseCircuitBreakerStore::close);
    database.close();
  }

  private long statements(String like) {
    try {
      return Long.parseLong(database.value(STATEMENTS.formatted(like)));
    } catch (SQLException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static void call(VoiceCircuitBreakers instance, String business, boolean succeeds) {
    CompletionStage<ExecutionResult<String>> unneeded =
        instance
            .forBusiness(business)
            .executeAsync(
                () ->
                    succeeds
                        ? CompletableFuture.completedFuture("ok")
                        : CompletableFuture.failedFuture(new IllegalStateException()));
    assertThat(unneeded.toCompletableFuture()).isDone();
  }

  /** One call of each business through each instance. */
  private void callAll() {
    for (int i = 0; i < BUSINESSES; i++) {
      for (VoiceCircuitBreakers instance : instances) {
        call(instance, "business-" + i, true);
      }
    }
  }

  private static void pause(Duration duration) {
    try {
      Thread.sleep(duration.toMillis());
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  private static double secondsSince(long nanos) {
    return (System.nanoTime() - nanos) / 1e9;
  }

  @Test
  void a_hundred_thousand_healthy_calls_cost_one_statement_in_five_seconds() throws SQLException {
    callAll();
    await().during(Duration.ofSeconds(1)).until(() -> statements("LISTEN%") == INSTANCES);
    final long toStart = statements("%");
    database.sql("select pg_stat_statements_reset()");
    long begun = System.nanoTime();

    int rounds = CALLS / BUSINESSES / INSTANCES;
    for (int round = 0; round < rounds; round++) {
      callAll();
      pause(Duration.ofMillis(220));
    }

    double seconds = secondsSince(begun);
    long sent = statements("%");
    System.err.printf(
        "%,d healthy calls of %,d businesses in %.1f s: %d statements of %d instances,"
            + " after %d to start%n",
        CALLS, BUSINESSES, seconds, sent, INSTANCES, toStart);
    assertThat(sent).isPositive().isLessThanOrEqualTo(INSTANCES * (1 + (long) (seconds / 5)));
    assertThat(database.value("select count(*) from fusible.voice_circuit_breaker_state"))
        .as("rows of healthy businesses")
        .isEqualTo("0");
  }

  @Test
  void a_storm_of_failures_and_successes_costs_two_writes_a_second() throws SQLException {
    callAll();
    await().during(Duration.ofSeconds(1)).until(() -> statements("LISTEN%") == INSTANCES);
    database.sql("select pg_stat_statements_reset()");
    long begun = System.nanoTime();

    int calls = 0;
    while (secondsSince(begun) < 6) {
      for (int i = 0; i < 10; i++) {
        boolean succeeds = calls++ % 2 == 0;
        instances.forEach(instance -> call(instance, "stormy", succeeds));
      }
      pause(Duration.ofMillis(5));
    }

    double seconds = secondsSince(begun);
    long writes = statements("%update%") + statements("%insert%");
    System.err.printf(
        "%.0f calls a second for one business in each instance: %.2f writes a second of each%n",
        calls / seconds, writes / seconds / INSTANCES);
    assertThat(calls / seconds).isGreaterThan(100);
    assertThat(writes).isPositive().isLessThanOrEqualTo((long) (2 * INSTANCES * (seconds + 1)));
  }

  @Test
  void failures_that_two_instances_counted_open_the_circuit_in_both() {
    callAll();
    long begun = System.nanoTime();
    for (VoiceCircuitBreakers instance : instances) {
      for (int i = 0; i < 5; i++) {
        call(instance, "business-1", false);
      }
    }

    await()
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(10))
        .until(
            () ->
                instances.stream()
                    .allMatch(
                        instance ->
                            instance.forBusiness("business-1").state()
                                == CircuitBreakerState.OPEN));
    System.err.printf(
        "five failures in each of two instances: open in both after %.2f s%n", secondsSince(begun));
  }
}
