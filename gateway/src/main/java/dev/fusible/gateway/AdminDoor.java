package dev.fusible.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusible.CircuitBreakerMetrics;
import dev.fusible.CircuitBreakerState;
import dev.fusible.CircuitSnapshot;
import dev.fusible.VoiceCircuitBreaker;
import dev.fusible.gateway.ListedCircuits.Listed;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Where operators come in: circuits, events, metrics, health. Thread-safe. */
final class AdminDoor {

  private static final int LARGEST_REQUEST = 64 * 1024;
  private static final int LONGEST_REASON = 200;
  private static final int DEFAULT_LIMIT = 100;
  private static final int LARGEST_LIMIT = 1_000;

  private final ListedCircuits circuits;
  private final AdminGuard guard;
  private final EventFeed feed;
  private final GatewayLog log;
  private final Supplier<List<String>> degradedBy;
  private final Supplier<String> metrics;

  /**
   * @param degradedBy why the gateway is not all it should be; empty when it is
   * @param metrics what Prometheus reads
   */
  AdminDoor(
      ListedCircuits circuits,
      AdminGuard guard,
      EventFeed feed,
      GatewayLog log,
      Supplier<List<String>> degradedBy,
      Supplier<String> metrics) {
    this.circuits = circuits;
    this.guard = guard;
    this.feed = feed;
    this.log = log;
    this.degradedBy = degradedBy;
    this.metrics = metrics;
  }

  Router router(Vertx vertx) {
    Router router = Router.router(vertx);
    router.get("/healthz").handler(routing -> send(routing, status("ok")));
    router.get("/readyz").handler(this::ready);
    router.route().handler(guard::check);
    router.get("/metrics").handler(this::metrics);
    router.get("/admin/circuits").handler(this::circuits);
    router.get("/admin/circuits/:id").handler(this::circuit);
    router.get("/admin/events").handler(feed::subscribe);
    order(router, "force-open", VoiceCircuitBreaker::forceOpen);
    order(router, "force-closed", VoiceCircuitBreaker::forceClosed);
    order(router, "reset", (breaker, reason) -> breaker.reset());
    return router;
  }

  /** What is left when every route has been added. */
  static void close(Router router) {
    router
        .route()
        .handler(
            other ->
                new ApiError(404, "not_found", "see /admin/circuits, /metrics, /readyz")
                    .send(other.response()));
    router.route().failureHandler(failed -> error(failed.statusCode()).send(failed.response()));
  }

  private static ApiError error(int status) {
    return switch (status) {
      case 413 -> new ApiError(413, "request_too_large", "a request may have 64 KiB");
      case 405 ->
          new ApiError(405, "method_not_allowed", "circuits are read by GET, ordered by POST");
      default ->
          status >= 400 && status < 500
              ? new ApiError(status, "bad_request", "the request can't be read")
              : new ApiError(500, "internal_error", "the gateway failed");
    };
  }

  static BodyHandler body() {
    return BodyHandler.create(false).setBodyLimit(LARGEST_REQUEST);
  }

  private static ObjectNode status(String status) {
    return Json.MAPPER.createObjectNode().put("status", status);
  }

  private void ready(RoutingContext routing) {
    List<String> reasons = degradedBy.get();
    ObjectNode answer = status(reasons.isEmpty() ? "ready" : "degraded");
    ArrayNode list = answer.putArray("reasons");
    reasons.forEach(list::add);
    send(routing, answer);
  }

  private void metrics(RoutingContext routing) {
    routing
        .response()
        .putHeader(HttpHeaders.CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")
        .end(metrics.get())
        .onFailure(hungUp -> {});
  }

  static void send(RoutingContext routing, JsonNode answer) {
    routing
        .response()
        .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
        .end(Json.write(answer))
        .onFailure(hungUp -> {});
  }

  // --- circuits

  private void circuits(RoutingContext routing) {
    CircuitBreakerState state;
    int limit;
    try {
      String asked = routing.queryParams().get("state");
      state = asked == null ? null : CircuitBreakerState.valueOf(asked.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException unknown) {
      bad("state must be CLOSED, OPEN or HALF_OPEN").send(routing.response());
      return;
    }
    try {
      String asked = routing.queryParams().get("limit");
      limit = asked == null ? DEFAULT_LIMIT : Integer.parseInt(asked);
    } catch (NumberFormatException noNumber) {
      limit = 0;
    }
    if (limit < 1 || limit > LARGEST_LIMIT) {
      bad("limit must be from 1 to " + LARGEST_LIMIT).send(routing.response());
      return;
    }
    send(
        routing,
        page(state, routing.queryParams().get("q"), limit, routing.queryParams().get("cursor")));
  }

  private static ApiError bad(String message) {
    return new ApiError(400, "invalid_request", message);
  }

  private ObjectNode page(
      @Nullable CircuitBreakerState state,
      @Nullable String part,
      int limit,
      @Nullable String cursor) {
    List<Listed> found = circuits.after(cursor, state, part == null ? "" : part, limit + 1);
    ObjectNode page = Json.MAPPER.createObjectNode();
    ArrayNode list = page.putArray("circuits");
    found.stream().limit(limit).forEach(circuit -> list.add(describe(circuit)));
    page.put("cursor", found.size() > limit ? found.get(limit - 1).id() : null);
    return page;
  }

  private void circuit(RoutingContext routing) {
    Listed circuit = circuits.find(routing.pathParam("id"));
    if (circuit == null) {
      unknown().send(routing.response());
    } else {
      send(routing, describe(circuit));
    }
  }

  private static ApiError unknown() {
    return new ApiError(404, "unknown_business", "no business has this id, and no upstream");
  }

  private static ObjectNode describe(Listed listed) {
    VoiceCircuitBreaker breaker = listed.breaker();
    CircuitSnapshot circuit = breaker.snapshot();
    CircuitBreakerMetrics calls = breaker.getMetrics();
    ObjectNode answer =
        Json.MAPPER
            .createObjectNode()
            .put("businessId", listed.id())
            .put("name", listed.name())
            .put("platform", listed.platform())
            .put("state", circuit.state().name())
            .put("hold", circuit.hold().name())
            .put("failureCount", circuit.failureCount())
            .put(
                "lastStateChange",
                circuit.lastStateChange() == null ? null : circuit.lastStateChange().toString())
            .put("lastError", circuit.lastErrorCode());
    if (circuit.retryAfter() == null) {
      answer.putNull("retryAfter");
    } else {
      answer.put("retryAfter", circuit.retryAfter().toMillis() / 1e3);
    }
    answer
        .putObject("metrics")
        .put("totalExecutions", calls.totalExecutions())
        .put("successfulExecutions", calls.successfulExecutions())
        .put("failedExecutions", calls.failedExecutions())
        .put("timeouts", calls.timeouts())
        .put("fallbacksServed", calls.fallbacksServed())
        .put("stateChanges", calls.stateChanges())
        .put("lateResults", calls.lateResults())
        .put("successRate", calls.successRate())
        .put("failureRate", calls.failureRate());
    return answer;
  }

  // --- orders

  private void order(
      Router router, String name, BiConsumer<VoiceCircuitBreaker, String> carriedOut) {
    router
        .post("/admin/circuits/:id/" + name)
        .handler(body())
        .handler(routing -> order(routing, name, carriedOut));
  }

  private void order(
      RoutingContext routing, String name, BiConsumer<VoiceCircuitBreaker, String> carriedOut) {
    Listed circuit = circuits.find(routing.pathParam("id"));
    if (circuit == null) {
      unknown().send(routing.response());
      return;
    }
    String reason = Json.read(routing.body().buffer()).path("reason").asText("").strip();
    if (reason.isEmpty() || reason.length() > LONGEST_REASON) {
      bad("the body must be {\"reason\": \"…\"} with 1 to " + LONGEST_REASON + " characters")
          .send(routing.response());
      return;
    }
    carriedOut.accept(circuit.breaker(), reason);
    log.order(name, circuit.kind(), circuit.loggedName());
    send(routing, describe(circuit));
  }
}
