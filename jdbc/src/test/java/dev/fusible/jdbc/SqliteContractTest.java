package dev.fusible.jdbc;

import dev.fusible.CircuitBreakerStore;
import dev.fusible.testkit.CircuitBreakerStoreContract;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.io.TempDir;

class SqliteContractTest extends CircuitBreakerStoreContract {

  @TempDir private Path folder;

  @Override
  protected CircuitBreakerStore openStore() {
    return SqliteCircuitBreakerStore.open(folder.resolve("data/circuits.db"));
  }

  /** The clock is the machine's: it can only be waited for. */
  @Override
  protected void advance(Duration duration) {
    try {
      Thread.sleep(duration.toMillis());
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }
}
