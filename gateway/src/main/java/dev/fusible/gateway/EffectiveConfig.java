package dev.fusible.gateway;

import dev.fusible.CircuitBreakerConfig;
import dev.fusible.gateway.GatewayConfig.Business;
import dev.fusible.gateway.GatewayConfig.PlatformKey;
import dev.fusible.gateway.GatewayConfig.Upstream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/** A configuration with all its defaults, to be read by people. Secrets are {@code ***}. */
final class EffectiveConfig {

  private EffectiveConfig() {}

  static String yaml(GatewayConfig config) {
    DumperOptions options = new DumperOptions();
    options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
    options.setAllowUnicode(true);
    options.setIndicatorIndent(2);
    options.setIndentWithIndicator(true);
    options.setWidth(Integer.MAX_VALUE);
    return new Yaml(options).dump(all(config));
  }

  private static Map<String, Object> all(GatewayConfig config) {
    GatewayConfig.Server server = config.server();
    GatewayConfig.Deadlines deadlines = config.deadlines();
    return keys(
        "server",
        keys(
            "host", server.host(),
            "port", server.port(),
            "adminHost", server.adminHost(),
            "adminPort", server.adminPort(),
            "adminToken", hidden(server.adminToken())),
        "store",
        Stores.shown(config.store()),
        "breaker",
        breaker(config.breaker()),
        "deadlines",
        keys(
            "firstSpeech", Values.text(deadlines.firstSpeech()),
            "stall", Values.text(deadlines.stall()),
            "answer", Values.text(deadlines.answer())),
        "upstreams",
        config.upstream() == null
            ? "none: the demo brings its own"
            : List.of(upstream(config.upstream())),
        "businesses",
        config.businesses().values().stream().map(EffectiveConfig::business).toList(),
        "platformKeys",
        config.platformKeys().stream().map(EffectiveConfig::platformKey).toList());
  }

  private static Map<String, Object> breaker(CircuitBreakerConfig breaker) {
    return keys(
        "failureThreshold", breaker.failureThreshold(),
        "volumeThreshold", breaker.volumeThreshold(),
        "recoveryTimeout", Values.text(breaker.recoveryTimeout()),
        "timeout", Values.text(breaker.timeout()),
        "trialPatience", Values.text(breaker.trialPatience()),
        "recoveryBackoff", breaker.recoveryBackoff(),
        "maxRecoveryTimeout", Values.text(breaker.maxRecoveryTimeout()),
        "tripPolicy", breaker.tripPolicy().toString());
  }

  private static Map<String, Object> upstream(Upstream upstream) {
    return keys(
        "name", upstream.name(),
        "kind", "openai",
        "url", upstream.url().toString(),
        "apiKey", hidden(upstream.apiKey()),
        "models", listOrNull(upstream.models()),
        "dropFields", listOrNull(upstream.dropFields()));
  }

  private static Map<String, Object> business(Business business) {
    return keys(
        "id", business.id(),
        "name", business.name(),
        "apiKeySha256", hidden(business.apiKeySha256()),
        "language", business.language(),
        "phone", business.phone(),
        "platform", business.platform(),
        "fallbacks", business.fallbacks() == null ? null : "its own sentences");
  }

  private static Map<String, Object> platformKey(PlatformKey key) {
    return keys("apiKeySha256", hidden(key.apiKeySha256()), "businesses", key.businesses());
  }

  private static @Nullable String hidden(@Nullable Object secret) {
    return secret == null ? null : "***";
  }

  private static @Nullable List<String> listOrNull(List<String> texts) {
    return texts.isEmpty() ? null : texts;
  }

  /** Names and values in turn; those without a value are left out. */
  private static Map<String, Object> keys(@Nullable Object... namesAndValues) {
    Map<String, Object> keys = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      Object value = namesAndValues[i + 1];
      if (value != null) {
        keys.put(String.valueOf(namesAndValues[i]), value);
      }
    }
    return keys;
  }
}
