package dev.fusible.jdbc;

import dev.fusible.CircuitBreakerStore;
import dev.fusible.testkit.CircuitBreakerStoreContract;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** The store contract on PostgreSQL, on each server that there is. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class PostgresContract extends CircuitBreakerStoreContract {

  private TestDatabase database;

  abstract TestDatabase database() throws SQLException;

  @BeforeAll
  void create() throws SQLException {
    database = database();
  }

  @AfterAll
  void drop() throws SQLException {
    database.close();
  }

  @BeforeEach
  void empty() throws SQLException {
    database.sql("truncate fusible.voice_circuit_breaker_state");
  }

  @Override
  protected CircuitBreakerStore openStore() {
    return SupabaseCircuitBreakerStore.connect(database.appUrl());
  }

  /** The clock is the database's: it can only be waited for. */
  @Override
  protected void advance(Duration duration) {
    try {
      Thread.sleep(duration.toMillis());
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }
}

class EmbeddedPostgresContractTest extends PostgresContract {
  @Override
  TestDatabase database() throws SQLException {
    return TestDatabase.embedded();
  }
}

/** On the server that the environment names by a superuser's URL. */
@EnabledIfEnvironmentVariable(named = "FUSIBLE_TEST_PG_URL", matches = ".+")
class ServerPostgresContractTest extends PostgresContract {
  @Override
  TestDatabase database() throws SQLException {
    String url = System.getenv("FUSIBLE_TEST_PG_URL");
    return TestDatabase.on(url, url);
  }
}

/** Through the pooler in transaction mode that stands before that server. */
@EnabledIfEnvironmentVariable(named = "FUSIBLE_TEST_PGBOUNCER_URL", matches = ".+")
class PooledPostgresContractTest extends PostgresContract {
  @Override
  TestDatabase database() throws SQLException {
    return TestDatabase.on(
        System.getenv("FUSIBLE_TEST_PG_URL"), System.getenv("FUSIBLE_TEST_PGBOUNCER_URL"));
  }
}
