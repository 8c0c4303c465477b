package dev.fusible.gateway;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.HostAndPort;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Set;

/**
 * Lets operators in: with the token where there is one, and never by way of a page of somebody
 * else's that their browser shows. Thread-safe.
 */
final class AdminGuard {

  private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "localhost", "::1", "[::1]");

  private final GatewayConfig.Server server;

  AdminGuard(GatewayConfig.Server server) {
    this.server = server;
  }

  void check(RoutingContext routing) {
    HttpServerRequest request = routing.request();
    routing
        .response()
        .putHeader("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
        .putHeader("X-Content-Type-Options", "nosniff")
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
    if (!isOurs(request)) {
      new ApiError(403, "foreign_origin", "requests come from the gateway's own pages or none")
          .send(routing.response());
    } else if (!hasToken(request)) {
      routing.response().putHeader("WWW-Authenticate", "Bearer");
      new ApiError(401, "token_required", "show server.adminToken as a bearer token")
          .send(routing.response());
    } else {
      routing.next();
    }
  }

  /**
   * A browser names the page's origin; and a name that only leads to loopback for an attacker's
   * page is none of ours.
   */
  private boolean isOurs(HttpServerRequest request) {
    HostAndPort authority = request.authority();
    if (authority == null) {
      return false;
    }
    if (server.adminToken() == null && !LOOPBACK.contains(authority.host())) {
      return false;
    }
    String origin = request.getHeader(HttpHeaders.ORIGIN);
    return origin == null || origin.equals("http://" + request.getHeader(HttpHeaders.HOST));
  }

  private boolean hasToken(HttpServerRequest request) {
    GatewayConfig.Secret token = server.adminToken();
    if (token == null) {
      return true;
    }
    String shown = request.getHeader(HttpHeaders.AUTHORIZATION);
    return shown != null && MessageDigest.isEqual(bytes(shown), bytes("Bearer " + token.value()));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
