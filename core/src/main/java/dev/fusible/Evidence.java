package dev.fusible;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Whose calls an upstream's circuit has seen, as its row holds it: of each no more than it takes to
 * judge. Immutable.
 *
 * @param failed the businesses whose failures are in the row's failure count
 * @param active the businesses that called lately, and how long ago by the store's clock
 */
public record Evidence(List<String> failed, Map<String, Duration> active) {

  /** Of nobody. */
  public static final Evidence NONE = new Evidence(List.of(), Map.of());

  public Evidence {
    failed = List.copyOf(failed);
    active = Collections.unmodifiableMap(new LinkedHashMap<>(active));
  }

  /** The same, {@code later}: what a store answers that kept it for so long. */
  public Evidence aged(Duration later) {
    if (active.isEmpty()) {
      return this;
    }
    Map<String, Duration> older = new LinkedHashMap<>();
    active.forEach((business, ago) -> older.put(business, ago.plus(later)));
    return new Evidence(failed, older);
  }
}
