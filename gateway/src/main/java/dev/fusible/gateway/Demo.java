package dev.fusible.gateway;

import dev.fusible.gateway.GatewayConfig.Business;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The three businesses that are there when nothing is configured. */
final class Demo {

  private static final List<Business> BUSINESSES =
      List.of(
          business("clinica-sonrisa", "Cl\u00ednica Sonrisa", "es-MX", "55 5555 0142"),
          business("taqueria-don-pepe", "Taquer\u00eda Don Pepe", "es-MX", "55 5555 0187"),
          business("austin-plumbing", "Austin Plumbing", "en-US", "512 555 0143"));

  private Demo() {}

  static Map<String, Business> businesses() {
    Map<String, Business> byId = new LinkedHashMap<>();
    BUSINESSES.forEach(business -> byId.put(business.id(), business));
    return Collections.unmodifiableMap(byId);
  }

  /** The key of one of them. */
  static String apiKey(String businessId) {
    return "demo-" + businessId;
  }

  private static Business business(String id, String name, String language, String phone) {
    return new Business(id, name, sha256(apiKey(id)), language, phone, null, null);
  }

  private static String sha256(String key) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(sha256.digest(key.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException everyJavaHasIt) {
      throw new IllegalStateException(everyJavaHasIt);
    }
  }
}
