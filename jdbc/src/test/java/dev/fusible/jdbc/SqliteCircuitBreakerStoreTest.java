package dev.fusible.jdbc;

import static dev.fusible.jdbc.SqliteFileTest.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.fusible.CircuitBreakerConfig;
import dev.fusible.CircuitBreakerState;
import dev.fusible.CircuitBreakerStoreState;
import dev.fusible.Hold;
import dev.fusible.VoiceCircuitBreaker;
import dev.fusible.VoiceCircuitBreakers;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SqliteCircuitBreakerStoreTest {

  @TempDir private Path folder;
  private SqliteCircuitBreakerStore store;

  @BeforeEach
  void open() {
    store = SqliteCircuitBreakerStore.open(folder.resolve("circuits.db"));
  }

  @AfterEach
  void close() {
    store.close();
  }

  private static <T> T join(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  /** Does to the file what somebody else might. */
  private void sql(String statement) throws SQLException {
    try (Connection other =
            DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("circuits.db"));
        Statement execution = other.createStatement()) {
      execution.execute(statement);
    }
  }

  private String rowAsText() throws SQLException {
    try (Connection other =
            DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("circuits.db"));
        Statement execution = other.createStatement();
        ResultSet row =
            execution.executeQuery(
                "SELECT * FROM voice_circuit_breaker_state WHERE business_id = 'b'")) {
      StringBuilder text = new StringBuilder();
      while (row.next()) {
        for (int column = 1; column <= row.getMetaData().getColumnCount(); column++) {
          text.append(row.getString(column)).append('|');
        }
      }
      return text.toString();
    }
  }

  private static CircuitBreakerStoreState open(long version, Duration openedFor) {
    return new CircuitBreakerStoreState(
        "b",
        CircuitBreakerState.OPEN,
        10,
        10,
        version + 1,
        version,
        openedFor,
        0,
        null,
        null,
        Hold.NONE,
        null,
        Duration.ZERO,
        "w");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "state = 'MELTED'",
        "state = ''",
        "hold = 'SIDEWAYS'",
        "failure_count = -1",
        "failure_count = 2147483648",
        "request_count = -1",
        "request_count = 2147483648",
        "failed_trials = -1",
        "failed_trials = 2147483648",
        "generation = -1",
        "opened_at = NULL"
      })
  void a_row_that_can_not_be_understood_is_left_out_and_left_alone(String damage)
      throws SQLException {
    join(store.setState("b", open(0, Duration.ZERO)));
    join(store.getState("other"));
    sql("UPDATE voice_circuit_breaker_state SET " + damage + " WHERE business_id = 'b'");
    String before = rowAsText();

    assertFails(store.getState("b"), "row_unreadable");
    assertFails(store.setState("b", open(1, Duration.ZERO)), "row_unreadable");
    assertFails(store.setState("b", open(0, Duration.ZERO)), "row_unreadable");
    assertFails(store.claimTrial("b", 1, "token", Duration.ofSeconds(15)), "row_unreadable");
    Map<String, CircuitBreakerStoreState> states = join(store.getStates(List.of("b", "other")));
    assertThat(states).containsOnlyKeys("other");
    assertThat(join(store.changedSince(0, 10)).states())
        .extracting(CircuitBreakerStoreState::businessId)
        .containsExactly("other");
    assertThat(rowAsText()).isEqualTo(before);
  }

  @Test
  void ages_that_no_clock_could_have_counted_are_bounded() throws SQLException {
    join(store.setState("b", open(0, Duration.ZERO)));
    sql(
        "UPDATE voice_circuit_breaker_state SET opened_at = -9000000000000000,"
            + " trial_token = 't', trial_until = 9000000000000000");

    CircuitBreakerStoreState row = join(store.getState("b"));

    assertThat(row.openedFor()).isEqualTo(Duration.ofDays(3_650));
    assertThat(row.trialRemaining()).isEqualTo(Duration.ofDays(3_650));
  }

  /** To the file, a clock that was set back an hour is a row from an hour ahead. */
  @Test
  void a_clock_that_was_set_back_delays_the_trial_and_never_frees_it() throws SQLException {
    join(store.setState("b", open(0, Duration.ofSeconds(20))));
    sql("UPDATE voice_circuit_breaker_state SET opened_at = opened_at + 3600000");

    assertThat(join(store.getState("b")).openedFor()).isZero();

    join(store.claimTrial("b", 1, "token", Duration.ofSeconds(15)));
    sql("UPDATE voice_circuit_breaker_state SET trial_until = trial_until + 3600000");

    assertThat(join(store.getState("b")).trialRemaining()).isGreaterThan(Duration.ofMinutes(50));
    join(store.claimTrial("b", 2, "another", Duration.ofSeconds(15)));
    assertThat(join(store.getState("b")).trialToken()).isEqualTo("token");
  }

  @Test
  void changes_are_seen_after_the_row_that_changed_last_was_deleted() throws SQLException {
    join(store.getState("a"));
    join(store.getState("b"));
    long cursor = join(store.changedSince(-1, 10)).cursor();
    sql("DELETE FROM voice_circuit_breaker_state WHERE business_id = 'b'");

    join(store.getState("c"));

    assertThat(join(store.changedSince(cursor, 10)).states())
        .extracting(CircuitBreakerStoreState::businessId)
        .containsExactly("c");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", " ", "a b", "a/b", "upstream/", "upstream/a/b", "é", "a'b", "x\n", "\uD800"})
  void an_id_outside_of_the_alphabet_is_refused(String id) {
    assertThatThrownBy(() -> store.getState(id)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> store.getStates(List.of("fine", id)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> store.setState(id, open(0, Duration.ZERO)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> store.claimTrial(id, 0, "token", Duration.ofSeconds(15)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"('business', '')", "('business', 'a b')", "('other', 'a')"})
  void the_table_itself_refuses_such_an_id(String key) {
    assertThatThrownBy(
            () ->
                sql(
                    "INSERT INTO voice_circuit_breaker_state (kind, business_id, state,"
                        + " failure_count, request_count, generation, version, failed_trials,"
                        + " hold, write_id, change) SELECT "
                        + key.substring(1, key.length() - 1)
                        + ", 'CLOSED', 0, 0, 0, 1, 0, 'NONE', '', 1"))
        .isInstanceOf(SQLException.class);
  }

  @Test
  void a_table_that_is_gone_is_an_outage_and_is_not_made_again_behind_ones_back()
      throws SQLException {
    join(store.getState("b"));
    sql("DROP TABLE voice_circuit_breaker_state");

    assertFails(store.getState("b"), "sqlite_1");
    assertFails(store.getState("b"), "sqlite_1");
  }

  @Test
  void after_a_restart_a_circuit_is_open_for_the_wait_that_remains() throws SQLException {
    CircuitBreakerConfig config =
        CircuitBreakerConfig.builder().recoveryTimeout(Duration.ofMinutes(10)).build();
    try (VoiceCircuitBreakers breakers =
        VoiceCircuitBreakers.builder().store(store).config(config).build()) {
      VoiceCircuitBreaker breaker = breakers.forBusiness("b");
      for (int i = 0; i < 10; i++) {
        fail(breaker);
      }
    }
    restartAfter(Duration.ofMinutes(5));
    try (VoiceCircuitBreakers breakers =
        VoiceCircuitBreakers.builder().store(store).config(config).build()) {
      VoiceCircuitBreaker breaker = breakers.forBusiness("b");
      await().until(() -> breaker.state() == CircuitBreakerState.OPEN);
      assertThat(breaker.execute(() -> "too early").isFallback()).isTrue();
    }
    restartAfter(Duration.ofMinutes(6));
    try (VoiceCircuitBreakers breakers =
        VoiceCircuitBreakers.builder().store(store).config(config).build()) {
      VoiceCircuitBreaker breaker = breakers.forBusiness("b");
      await().until(() -> breaker.state() == CircuitBreakerState.OPEN);
      await().until(() -> !breaker.execute(() -> "the trial").isFallback());
      await().until(() -> breaker.state() == CircuitBreakerState.CLOSED);
    }
    assertThat(join(store.getState("b")).state()).isEqualTo(CircuitBreakerState.CLOSED);
  }

  private void restartAfter(Duration stopped) throws SQLException {
    store.close();
    sql("UPDATE voice_circuit_breaker_state SET opened_at = opened_at - " + stopped.toMillis());
    store = SqliteCircuitBreakerStore.open(folder.resolve("circuits.db"));
  }

  private static void fail(VoiceCircuitBreaker breaker) {
    assertThat(
            breaker
                .execute(
                    () -> {
                      throw new IllegalStateException();
                    })
                .isFallback())
        .isTrue();
  }
}
