package dev.fusible.gateway;

import dev.fusible.gateway.GatewayConfig.Business;
import dev.fusible.gateway.GatewayConfig.PlatformKey;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Tells whose call it is by the API key: a business's own, or a platform's that names one of its
 * businesses. Keys are known by the SHA-256 of all of their characters, which is what is looked up,
 * so how long that takes says nothing about a key. Immutable.
 */
final class Callers {

  private static final Pattern BUSINESS_ID = Pattern.compile("[A-Za-z0-9._:-]{1,128}");
  private static final String SCHEME = "Bearer ";

  /** Whose call it is, or why it is nobody's. */
  sealed interface Identity {
    record Known(Business business) implements Identity {}

    record Unknown(ApiError error) implements Identity {}
  }

  private final Map<String, Business> businesses;
  private final Map<String, Business> ownKeys = new HashMap<>();
  private final Map<String, Set<String>> platformKeys = new HashMap<>();

  Callers(GatewayConfig config) {
    businesses = config.businesses();
    for (Business business : businesses.values()) {
      if (business.apiKeySha256() != null) {
        ownKeys.put(business.apiKeySha256(), business);
      }
    }
    for (PlatformKey key : config.platformKeys()) {
      platformKeys.put(key.apiKeySha256(), Set.copyOf(key.businesses()));
    }
  }

  Identity identify(MultiMap headers) {
    String hash = sha256(key(headers.get(HttpHeaders.AUTHORIZATION)));
    Business own = ownKeys.get(hash);
    if (own != null) {
      return new Identity.Known(own);
    }
    Set<String> allowed = platformKeys.get(hash);
    if (allowed == null) {
      return unknown(401, "invalid_api_key", "no business has this API key");
    }
    String id = headers.get("X-Business-Id");
    if (id == null || !BUSINESS_ID.matcher(id).matches()) {
      return unknown(
          400, "invalid_business_id", "X-Business-Id must name one of the platform's businesses");
    }
    Business business = allowed.contains(id) ? businesses.get(id) : null;
    return business == null
        ? unknown(403, "business_not_allowed", "the platform may not act for this business")
        : new Identity.Known(business);
  }

  private static Identity unknown(int status, String code, String message) {
    return new Identity.Unknown(new ApiError(status, code, message));
  }

  private static String key(@Nullable String authorization) {
    return authorization != null && authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
        ? authorization.substring(SCHEME.length()).trim()
        : "";
  }

  private static String sha256(String key) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every JVM has SHA-256", impossible);
    }
  }
}
