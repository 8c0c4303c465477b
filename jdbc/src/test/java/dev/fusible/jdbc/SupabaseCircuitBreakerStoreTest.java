package dev.fusible.jdbc;

import static dev.fusible.jdbc.StoreSteps.LEASE;
import static dev.fusible.jdbc.StoreSteps.assertFails;
import static dev.fusible.jdbc.StoreSteps.closed;
import static dev.fusible.jdbc.StoreSteps.ids;
import static dev.fusible.jdbc.StoreSteps.join;
import static dev.fusible.jdbc.StoreSteps.stale;
import static dev.fusible.jdbc.StoreSteps.written;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusible.CircuitBreakerState;
import dev.fusible.CircuitBreakerStoreState;
import dev.fusible.StoreException;
import dev.fusible.WriteResult;
import dev.fusible.WriteResult.Written;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What PostgreSQL does differently from the other stores: locks, and rows of other hands. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SupabaseCircuitBreakerStoreTest {

  private static final String TABLE = "fusible.voice_circuit_breaker_state";

  private TestDatabase database;
  private SupabaseCircuitBreakerStore store;

  @BeforeAll
  void create() throws SQLException {
    database = TestDatabase.embedded();
  }

  @AfterAll
  void drop() throws SQLException {
    database.close();
  }

  @BeforeEach
  void open() throws SQLException {
    database.sql("truncate " + TABLE);
    store = SupabaseCircuitBreakerStore.connect(database.appUrl());
  }

  @AfterEach
  void close() {
    store.close();
  }

  // Rows that others wrote.

  @ParameterizedTest
  @ValueSource(
      strings = {
        "state = 'MELTED'",
        "hold = ''",
        "failure_count = -1",
        "request_count = -1",
        "failed_trials = -1",
        "generation = -1",
        "opened_at = null"
      })
  void a_row_that_can_not_be_understood_is_left_out_and_left_alone(String damage)
      throws SQLException {
    written(store.setState("b", StoreSteps.open("b", 0)));
    join(store.getState("other"));
    database.sql("update " + TABLE + " set " + damage + " where business_id = 'b'");
    String row = "select r::text from " + TABLE + " as r where business_id = 'b'";
    String before = database.value(row);

    assertFails(store.getState("b"), "row_unreadable");
    assertFails(store.setState("b", closed("b", 1)), "row_unreadable");
    assertFails(store.setState("b", closed("b", 0)), "row_unreadable");
    assertFails(store.claimTrial("b", 1, "token", LEASE), "row_unreadable");
    assertThat(join(store.getStates(List.of("b", "other")))).containsOnlyKeys("other");
    assertThat(ids(join(store.changedSince(0, 10)))).containsExactly("other");
    assertThat(database.value(row)).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"opened_at", "trial_until", "last_state_change", "evidence_at"})
  void an_instant_is_never_infinite(String column) {
    join(store.getState("b"));
    assertThatThrownBy(() -> database.sql("update " + TABLE + " set " + column + " = 'infinity'"))
        .isInstanceOf(SQLException.class);
  }

  @Test
  void ages_that_no_clock_could_have_counted_are_bounded() throws SQLException {
    written(store.setState("b", StoreSteps.open("b", 0)));
    database.sql(
        "update "
            + TABLE
            + " set opened_at = '4000-01-01 BC', trial_token = 't', trial_until = '9000-01-01'");

    CircuitBreakerStoreState row = join(store.getState("b"));

    assertThat(row.openedFor()).isEqualTo(Duration.ofDays(3_650));
    assertThat(row.trialRemaining()).isEqualTo(Duration.ofDays(3_650));
    database.sql("update " + TABLE + " set opened_at = '9000-01-01', trial_until = '2000-01-01'");
    assertThat(join(store.getState("b")).openedFor()).isZero();
    assertThat(join(store.getState("b")).trialRemaining()).isZero();
  }

  @Test
  void a_row_made_by_hand_is_a_circuit() throws SQLException {
    database.sql("insert into " + TABLE + " (business_id) values ('by-hand')");

    assertThat(join(store.getState("by-hand")).version()).isEqualTo(1);
    assertThat(ids(join(store.changedSince(0, 10)))).containsExactly("by-hand");
    assertThat(written(store.setState("by-hand", closed("by-hand", 1))).version()).isEqualTo(2);
  }

  @Test
  void a_database_that_was_restored_to_an_older_version_answers_what_it_has() throws SQLException {
    for (int version = 0; version < 5; version++) {
      written(store.setState("b", closed("b", version)));
    }
    database.sql("update " + TABLE + " set version = 2, write_id = 'older'");

    CircuitBreakerStoreState current = stale(store.setState("b", StoreSteps.open("b", 5)));

    assertThat(current.version()).isEqualTo(2);
    assertThat(written(store.setState("b", StoreSteps.open("b", 2))).version()).isEqualTo(3);
  }

  // Locks and sessions.

  @Test
  void a_row_that_somebody_holds_is_not_waited_for_long() throws SQLException {
    written(store.setState("b", StoreSteps.open("b", 0)));
    try (Connection holder = database.connection();
        Statement statement = holder.createStatement()) {
      holder.setAutoCommit(false);
      statement.execute("select from " + TABLE + " where business_id = 'b' for update");

      assertFails(store.claimTrial("b", 1, "token", LEASE), "locked");
      assertFails(store.setState("b", closed("b", 1)), "locked");
      assertThat(join(store.getState("b")).version()).isEqualTo(1);
      assertThat(written(store.setState("other", closed("other", 0))).version()).isEqualTo(1);
      holder.rollback();
    }
    assertThat(written(store.setState("b", closed("b", 1))).version()).isEqualTo(2);
  }

  @Test
  void a_row_that_somebody_inserts_is_not_waited_for_long() throws SQLException {
    try (Connection holder = database.connection();
        Statement statement = holder.createStatement()) {
      holder.setAutoCommit(false);
      statement.execute("insert into " + TABLE + " (business_id) values ('b')");

      assertFails(store.setState("b", closed("b", 0)), "locked");
      holder.commit();
    }
    assertThat(stale(store.setState("b", closed("b", 0))).version()).isEqualTo(1);
  }

  /** The lock is let go before the claim gives up; on a slow machine that takes some tries. */
  @Test
  void a_lease_begins_when_the_wait_for_the_row_has_ended() throws Exception {
    Duration shorterThanTheWait = Duration.ofMillis(50);
    written(store.setState("b", StoreSteps.open("b", 0)));
    for (int tries = 0; tries < 50; tries++) {
      try (Connection holder = database.connection();
          Statement statement = holder.createStatement()) {
        holder.setAutoCommit(false);
        statement.execute("select from " + TABLE + " where business_id = 'b' for update");
        CompletableFuture<WriteResult> claim =
            store.claimTrial("b", 1, "token", shorterThanTheWait).toCompletableFuture();
        Thread.sleep(100);
        boolean waited = !claim.isDone();
        holder.rollback();
        WriteResult result;
        try {
          result = claim.join();
        } catch (CompletionException givenUp) {
          assertThat(givenUp.getCause()).isInstanceOf(StoreException.class);
          continue;
        }
        if (waited && result instanceof Written won) {
          assertThat(won.state().trialRemaining()).isPositive();
          return;
        }
        database.sql(
            "update " + TABLE + " set version = 1, trial_token = null, trial_until = null");
      }
    }
    throw new AssertionError("no claim waited and was granted");
  }

  @Test
  void nothing_is_left_in_the_session() throws SQLException {
    try (OneConnection source = new OneConnection(database.appUrl());
        SupabaseCircuitBreakerStore single = SupabaseCircuitBreakerStore.connect(source)) {
      for (int version = 0; version < 20; version++) {
        written(single.setState("b", closed("b", version)));
        join(single.getStates(List.of("b")));
        join(single.changedSince(0, 10));
      }
      written(single.claimTrial("b", 20, "token", LEASE));
      single.close();

      assertThat(source.value("show lock_timeout")).isEqualTo("0");
      assertThat(source.value("select count(*) from pg_prepared_statements")).isEqualTo("0");
      assertThat(source.value("select count(*) from pg_locks where locktype = 'advisory'"))
          .isEqualTo("0");
    }
  }

  @Test
  void a_source_without_autocommit_does_too() throws SQLException {
    try (OneConnection source = new OneConnection(database.appUrl())) {
      source.setAutoCommit(false);
      try (SupabaseCircuitBreakerStore single = SupabaseCircuitBreakerStore.connect(source)) {
        written(single.setState("b", closed("b", 0)));
      }
    }
    assertThat(join(store.getState("b")).version()).isEqualTo(1);
  }

  @Test
  void an_instant_is_a_timestamp_that_people_can_read() throws SQLException {
    written(store.setState("b", StoreSteps.open("b", 0)));
    written(store.claimTrial("b", 1, "token", LEASE));

    try (Connection connection = database.connection();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select trial_until - clock_timestamp() between interval '1 s' and interval '15 s',"
                    + " last_state_change - clock_timestamp() < interval '10 s', state from "
                    + TABLE)) {
      assertThat(row.next()).isTrue();
      assertThat(row.getBoolean(1)).isTrue();
      assertThat(row.getBoolean(2)).isTrue();
      assertThat(row.getString(3)).isEqualTo(CircuitBreakerState.HALF_OPEN.name());
    }
  }
}
