package dev.fusible.gateway;

import dev.fusible.CircuitBreakerStore;
import dev.fusible.jdbc.SqliteCircuitBreakerStore;
import java.nio.file.Path;

/** Opens the store that a JDBC URL names. */
final class Stores {

  static final String SQLITE = "jdbc:sqlite:";

  private Stores() {}

  static CircuitBreakerStore open(String url) {
    if (url.startsWith(SQLITE)) {
      return SqliteCircuitBreakerStore.open(Path.of(url.substring(SQLITE.length())));
    }
    throw new IllegalArgumentException("store must be a jdbc:sqlite: URL");
  }
}
