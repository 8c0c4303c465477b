package dev.fusible.gateway;

import dev.fusible.CircuitBreakerState;
import dev.fusible.VoiceCircuitBreaker;
import dev.fusible.VoiceCircuitBreakers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The circuits that operators see: every business's by its id, and the upstream's as {@code
 * upstream:} and its name, which no business may be called. Immutable.
 */
final class ListedCircuits {

  static final String UPSTREAM = "upstream:";

  /**
   * One of them.
   *
   * @param name what people call it
   * @param kind whose it is, as logs call it: {@code businessId} or {@code upstream}
   */
  record Listed(
      String id,
      String name,
      String kind,
      @Nullable String platform,
      Supplier<VoiceCircuitBreaker> handle) {

    VoiceCircuitBreaker breaker() {
      return handle.get();
    }

    boolean isCalled(String part) {
      return id.toLowerCase(Locale.ROOT).contains(part)
          || name.toLowerCase(Locale.ROOT).contains(part);
    }

    /** What logs know it by. */
    String loggedName() {
      return kind.equals("upstream") ? name : id;
    }
  }

  private final NavigableMap<String, Listed> byId = new TreeMap<>();

  ListedCircuits(GatewayConfig config, String upstream, VoiceCircuitBreakers breakers) {
    config
        .businesses()
        .values()
        .forEach(
            business ->
                add(
                    new Listed(
                        business.id(),
                        business.name(),
                        "businessId",
                        business.platform(),
                        () -> breakers.forBusiness(business.id()))));
    add(
        new Listed(
            UPSTREAM + upstream, upstream, "upstream", null, () -> breakers.forUpstream(upstream)));
  }

  private void add(Listed circuit) {
    byId.put(circuit.id(), circuit);
  }

  @Nullable Listed find(String id) {
    return byId.get(id);
  }

  /**
   * Those that fit, by id.
   *
   * @param state {@code null} for any
   * @param part what the id or the name must contain, whatever its case
   * @param after the id that they come after; {@code null} for the beginning
   */
  List<Listed> after(
      @Nullable String after, @Nullable CircuitBreakerState state, String part, int limit) {
    String wanted = part.toLowerCase(Locale.ROOT);
    List<Listed> found = new ArrayList<>();
    for (Listed circuit : (after == null ? byId : byId.tailMap(after, false)).values()) {
      if (found.size() == limit) {
        break;
      }
      if (circuit.isCalled(wanted) && (state == null || circuit.breaker().state() == state)) {
        found.add(circuit);
      }
    }
    return found;
  }
}
