package dev.fusible.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.CircuitBreakerConfig;
import dev.fusible.CircuitBreakerStoreState;
import dev.fusible.Page;
import dev.fusible.StoreException;
import dev.fusible.VoiceCircuitBreakers;
import dev.fusible.testkit.ManualTime;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A row may hold anything: somebody's hand, another version or a restore wrote it. It is understood
 * or it concerns its own circuit alone. The same seeds always; {@code -Dfuzz.rounds} and {@code
 * -Dfuzz.seed} search further.
 */
class RowFuzzTest {

  private static final List<String> COLUMNS =
      List.of(
          "state",
          "failure_count",
          "request_count",
          "generation",
          "version",
          "opened_at",
          "failed_trials",
          "last_state_change",
          "last_error_code",
          "hold",
          "trial_token",
          "trial_until",
          "write_id",
          "evidence",
          "evidence_at");

  private static final List<Object> VALUES =
      Arrays.asList(
          null,
          "",
          "OPEN",
          "CLOSED",
          "HALF_OPEN",
          "FORCED",
          "NONE",
          "open",
          "é\0",
          "a,b;a=0,c=1",
          ";;;",
          "a=99999999999999999999",
          "x".repeat(5_000),
          0,
          1,
          -1,
          7,
          1_000_000,
          Integer.MAX_VALUE,
          Integer.MIN_VALUE,
          Long.MAX_VALUE,
          Long.MIN_VALUE,
          1.5,
          1e300,
          "1e5",
          "now",
          new byte[] {1, 2, (byte) 0xff});

  @TempDir private Path folder;

  @Test
  void a_row_is_understood_or_concerns_its_own_circuit_alone() throws SQLException {
    long first = Long.getLong("fuzz.seed", 1);
    int rounds = Integer.getInteger("fuzz.rounds", 150);
    Path file = folder.resolve("circuits.db");
    try (SqliteCircuitBreakerStore store = SqliteCircuitBreakerStore.open(file);
        Connection hand = DriverManager.getConnection("jdbc:sqlite:" + file)) {
      try (Statement statement = hand.createStatement()) {
        statement.execute("PRAGMA ignore_check_constraints = ON");
      }
      for (long seed = first; seed < first + rounds; seed++) {
        try {
          round(store, hand, new Random(seed));
        } catch (Throwable failure) {
          throw new AssertionError("replay with -Dfuzz.rounds=1 -Dfuzz.seed=" + seed, failure);
        }
      }
    }
  }

  private static void round(SqliteCircuitBreakerStore store, Connection hand, Random random)
      throws SQLException {
    try (Statement statement = hand.createStatement()) {
      statement.execute("DELETE FROM voice_circuit_breaker_state");
    }
    read(store, "broken");
    read(store, "sound");
    for (int left = 1 + random.nextInt(4); left > 0; left--) {
      write(
          hand,
          COLUMNS.get(random.nextInt(COLUMNS.size())),
          VALUES.get(random.nextInt(VALUES.size())));
    }

    read(store, "broken");
    assertThat(read(store, "sound")).isNotNull();
    assertThat(store.getStates(List.of("broken", "sound")).toCompletableFuture().join())
        .containsKey("sound");
    Page changed = store.changedSince(0, 10).toCompletableFuture().join();
    assertThat(changed.states()).extracting(CircuitBreakerStoreState::businessId).contains("sound");
    callsGoOn(store);
  }

  private static void write(Connection hand, String column, Object value) throws SQLException {
    try (PreparedStatement statement =
        hand.prepareStatement(
            "UPDATE OR IGNORE voice_circuit_breaker_state SET "
                + column
                + " = ? WHERE business_id = 'broken'")) {
      statement.setObject(1, value);
      statement.executeUpdate();
    } catch (SQLException refused) {
      // The table itself takes no such value.
      assertThat(refused.getErrorCode()).isNotZero();
    }
  }

  /** {@code null} where the row can't be understood. */
  private static CircuitBreakerStoreState read(SqliteCircuitBreakerStore store, String id) {
    try {
      return store.getState(id).toCompletableFuture().join();
    } catch (CompletionException refused) {
      assertThat(refused).hasCauseInstanceOf(StoreException.class);
      return null;
    }
  }

  private static void callsGoOn(SqliteCircuitBreakerStore store) {
    try (VoiceCircuitBreakers breakers =
        VoiceCircuitBreakers.builder()
            .store(store)
            .timeSource(new ManualTime())
            .config(CircuitBreakerConfig.defaults())
            .build()) {
      for (String id : List.of("broken", "sound")) {
        assertThat(
                breakers.forBusiness(id).execute(() -> "ok").valueOr(fallback -> fallback.text()))
            .isNotBlank();
      }
    }
  }
}
