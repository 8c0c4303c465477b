package dev.fusible.gateway;

import dev.fusible.CircuitBreakerStore;
import dev.fusible.jdbc.SqliteCircuitBreakerStore;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** Opens the store that a JDBC URL names. */
final class Stores {

  static final String SQLITE = "jdbc:sqlite:";

  private Stores() {}

  static CircuitBreakerStore open(String url) {
    if (url.startsWith(SQLITE)) {
      try {
        return SqliteCircuitBreakerStore.open(Path.of(url.substring(SQLITE.length())));
      } catch (UncheckedIOException impossible) {
        throw NotStartedException.store(impossible);
      }
    }
    throw new IllegalArgumentException("store must be a jdbc:sqlite: URL");
  }
}
