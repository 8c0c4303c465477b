package dev.fusible.gateway;

import dev.fusible.CircuitBreakerConfig;
import dev.fusible.FallbackResponses;
import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a gateway is started with, checked. Immutable.
 *
 * @param server where it listens
 * @param store the JDBC URL of the circuits' store
 * @param breaker every business's circuit
 * @param deadlines how long a caller may wait
 * @param upstream what answers; {@code null} in the demo, which brings its own
 * @param businesses whose calls it takes, by id
 * @param platformKeys keys that act for several businesses
 */
record GatewayConfig(
    Server server,
    String store,
    CircuitBreakerConfig breaker,
    Deadlines deadlines,
    @Nullable Upstream upstream,
    Map<String, Business> businesses,
    List<PlatformKey> platformKeys) {

  /** What callers are spoken to in whose business has no language. */
  static final String DEFAULT_LANGUAGE = "en-US";

  GatewayConfig {
    businesses = Collections.unmodifiableMap(new LinkedHashMap<>(businesses));
    platformKeys = List.copyOf(platformKeys);
  }

  /** Whether the bundled upstream answers. */
  boolean isDemo() {
    return upstream == null;
  }

  /**
   * @param host where agents connect
   * @param port 0 takes a free one
   * @param adminHost where operators connect
   * @param adminPort 0 takes a free one
   * @param adminToken what operators must show; {@code null} only on loopback
   */
  record Server(
      String host, int port, String adminHost, int adminPort, @Nullable Secret adminToken) {}

  /**
   * @param firstSpeech the longest silence of a streamed turn, from its start or within it
   * @param stall the longest wait between two speakable pieces
   * @param answer the longest wait for an answer that does not stream
   */
  record Deadlines(Duration firstSpeech, Duration stall, Duration answer) {}

  /**
   * @param name what it is called in logs and metrics
   * @param url its base URL, with {@code /v1}
   * @param apiKey what it is asked with; {@code null} for none
   * @param models the models it serves; empty: whatever it says itself
   * @param dropFields fields of a request that it can't take
   */
  record Upstream(
      String name,
      URI url,
      @Nullable Secret apiKey,
      List<String> models,
      List<String> dropFields) {}

  /**
   * @param id its id, checked
   * @param name what people call it
   * @param apiKeySha256 SHA-256 of its key, in lower-case hexadecimal; {@code null} if only a
   *     platform acts for it
   * @param language the tag that its callers are spoken to in; {@code null} for the default
   * @param phone the number for {@code {phone}}, as it is spoken; {@code null} if none
   * @param platform a label for operators; {@code null} if none
   * @param fallbacks its own sentences, by language and type
   */
  record Business(
      String id,
      String name,
      @Nullable String apiKeySha256,
      @Nullable String language,
      @Nullable String phone,
      @Nullable String platform,
      @Nullable FallbackResponses fallbacks) {}

  /**
   * @param apiKeySha256 SHA-256 of the key, in lower-case hexadecimal
   * @param businesses the ids it may act for
   */
  record PlatformKey(String apiKeySha256, List<String> businesses) {}

  /** A value that must not be seen: it prints as {@code ***}. */
  record Secret(String value) {

    @Override
    public String toString() {
      return "***";
    }
  }
}
