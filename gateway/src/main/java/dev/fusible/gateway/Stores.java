package dev.fusible.gateway;

import dev.fusible.CircuitBreakerStore;
import dev.fusible.jdbc.SqliteCircuitBreakerStore;
import dev.fusible.jdbc.SupabaseCircuitBreakerStore;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** Opens the store that a JDBC URL names. */
final class Stores {

  static final String SQLITE = "jdbc:sqlite:";

  private Stores() {}

  static CircuitBreakerStore open(String url) {
    if (!url.startsWith(SQLITE)) {
      return SupabaseCircuitBreakerStore.connect(url);
    }
    try {
      return SqliteCircuitBreakerStore.open(Path.of(url.substring(SQLITE.length())));
    } catch (UncheckedIOException impossible) {
      throw NotStartedException.store(impossible);
    }
  }

  /** The URL without what follows its question mark, where a password may be. */
  static String shown(String url) {
    int query = url.startsWith(SQLITE) ? -1 : url.indexOf('?');
    return query < 0 ? url : url.substring(0, query) + "?***";
  }
}
