package dev.fusible.jdbc;

import static dev.fusible.jdbc.StoreSteps.LEASE;
import static dev.fusible.jdbc.StoreSteps.ids;
import static dev.fusible.jdbc.StoreSteps.join;
import static dev.fusible.jdbc.StoreSteps.state;
import static dev.fusible.jdbc.StoreSteps.written;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fusible.CircuitBreakerState;
import dev.fusible.CircuitBreakerStoreState;
import dev.fusible.Hold;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.postgresql.ds.PGSimpleDataSource;

/** Instances that tell each other of transitions; each works without it. */
class PostgresNoticesTest {

  private static final String LISTENERS =
      "select count(*) from pg_stat_activity"
          + " where datname = current_database() and query like 'LISTEN %'";

  private TestDatabase database;
  private SupabaseCircuitBreakerStore one;
  private SupabaseCircuitBreakerStore two;
  private final AtomicInteger toldOne = new AtomicInteger();
  private final AtomicInteger toldTwo = new AtomicInteger();

  @BeforeEach
  void open() throws SQLException {
    database = TestDatabase.embedded();
    one = SupabaseCircuitBreakerStore.connect(database.appUrl());
    two = SupabaseCircuitBreakerStore.connect(database.appUrl());
  }

  @AfterEach
  void close() throws SQLException {
    one.close();
    two.close();
    database.close();
  }

  private static void listen(SupabaseCircuitBreakerStore store, AtomicInteger told) {
    store.onChange(told::incrementAndGet);
    // Once when it begins to listen, for what came before.
    await().untilAsserted(() -> assertThat(told).hasValue(1));
  }

  private static CircuitBreakerStoreState counted(long version, int failures) {
    return new CircuitBreakerStoreState(
        "b",
        CircuitBreakerState.CLOSED,
        failures,
        failures,
        0,
        version,
        null,
        0,
        null,
        null,
        Hold.NONE,
        null,
        Duration.ZERO,
        "w");
  }

  @Test
  void transitions_are_told_to_the_others_and_counts_are_not() {
    listen(one, toldOne);
    listen(two, toldTwo);

    written(one.setState("b", counted(0, 1)));
    written(one.setState("b", counted(1, 2)));
    written(one.setState("b", StoreSteps.open("b", 2)));
    await().untilAsserted(() -> assertThat(toldTwo).hasValue(2));
    written(one.claimTrial("b", 3, "token", LEASE));
    await().untilAsserted(() -> assertThat(toldTwo).hasValue(3));
    written(one.setState("b", state("b", CircuitBreakerState.CLOSED, 4, null, "w")));
    await().untilAsserted(() -> assertThat(toldTwo).hasValue(4));

    assertThat(toldOne).as("of its own doing").hasValue(1);
    written(two.setState("first", StoreSteps.open("first", 0)));
    await().untilAsserted(() -> assertThat(toldOne).hasValue(2));
  }

  @Test
  void who_lost_the_connection_listens_again() throws SQLException {
    listen(two, toldTwo);

    database.sql(
        "select pg_terminate_backend(pid) from pg_stat_activity"
            + " where datname = current_database() and query like 'LISTEN %'");
    await().untilAsserted(() -> assertThat(toldTwo).hasValue(2));
    written(one.setState("b", StoreSteps.open("b", 0)));

    await().untilAsserted(() -> assertThat(toldTwo).hasValue(3));
  }

  @Test
  void who_is_not_interested_any_more_is_not_told() {
    listen(two, toldTwo);
    AtomicInteger other = new AtomicInteger();
    two.onChange(other::incrementAndGet).cancel();

    written(one.setState("b", StoreSteps.open("b", 0)));

    await().untilAsserted(() -> assertThat(toldTwo).hasValue(2));
    assertThat(other).hasValue(0);
  }

  @Test
  void what_listens_ends_with_the_store() throws SQLException {
    listen(two, toldTwo);
    assertThat(database.value(LISTENERS)).isEqualTo("1");

    two.close();

    await().until(() -> database.value(LISTENERS).equals("0"));
    await().until(PostgresNoticesTest::listeningThreads, n -> n == 0);
  }

  private static long listeningThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("fusible-jdbc-listen"))
        .count();
  }

  @Test
  void a_source_of_the_users_own_loses_no_connection_to_it() throws SQLException {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setURL(database.appUrl());
    try (SupabaseCircuitBreakerStore store = SupabaseCircuitBreakerStore.connect(source)) {
      store.onChange(toldTwo::incrementAndGet);
      written(store.setState("b", StoreSteps.open("b", 0)));

      assertThat(listeningThreads()).isZero();
      assertThat(database.value(LISTENERS)).isEqualTo("0");
    }
  }

  @Test
  @EnabledIfEnvironmentVariable(named = "FUSIBLE_TEST_PGBOUNCER_URL", matches = ".+")
  void through_a_pooler_nobody_listens_and_everything_works() throws SQLException {
    try (TestDatabase pooled =
            TestDatabase.on(
                System.getenv("FUSIBLE_TEST_PG_URL"), System.getenv("FUSIBLE_TEST_PGBOUNCER_URL"));
        SupabaseCircuitBreakerStore writer = SupabaseCircuitBreakerStore.connect(pooled.appUrl());
        SupabaseCircuitBreakerStore reader = SupabaseCircuitBreakerStore.connect(pooled.appUrl())) {
      reader.onChange(toldTwo::incrementAndGet);
      await().until(PostgresNoticesTest::listeningThreads, n -> n == 0);

      long cursor = join(reader.changedSince(0, 10)).cursor();
      written(writer.setState("b", StoreSteps.open("b", 0)));

      assertThat(ids(join(reader.changedSince(cursor, 10)))).containsExactly("b");
      assertThat(toldTwo).hasValue(0);
      assertThat(pooled.value(LISTENERS)).isEqualTo("0");
    }
  }
}
