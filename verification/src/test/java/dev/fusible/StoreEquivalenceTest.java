package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.jdbc.SqliteCircuitBreakerStore;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What holds in the simulated store holds in the real ones: they answer alike. */
class StoreEquivalenceTest {

  private static final int HISTORIES = 100;
  private static final int OPERATIONS = 60;

  @TempDir Path folder;

  private static void assertAnswersLikeTheSimulatedOne(CircuitBreakerStore real) {
    CircuitBreakerStore simulated = new DirectStore();
    for (long seed = 1; seed <= HISTORIES; seed++) {
      List<String> expected = StoreHistories.answers(seed, OPERATIONS, simulated);
      assertThat(StoreHistories.answers(seed, OPERATIONS, real))
          .as("history of seed %s", seed)
          .isEqualTo(expected);
    }
  }

  @Test
  void the_store_in_memory_answers_like_the_simulated_one() {
    try (CircuitBreakerStore store = CircuitBreakerStore.inMemory()) {
      assertAnswersLikeTheSimulatedOne(store);
    }
  }

  @Test
  void sqlite_answers_like_the_simulated_one() {
    Path file = folder.resolve("circuits.db");
    try (CircuitBreakerStore store = SqliteCircuitBreakerStore.open(file)) {
      assertAnswersLikeTheSimulatedOne(store);
    }
  }

  @Test
  void postgresql_answers_like_the_simulated_one() throws Exception {
    try (PostgresDatabase database = PostgresDatabase.create();
        CircuitBreakerStore store = database.open()) {
      assertAnswersLikeTheSimulatedOne(store);
    }
  }
}
