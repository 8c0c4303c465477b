package dev.fusible.gateway;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusible.CircuitBreakerListener;
import dev.fusible.FallbackEvent;
import dev.fusible.StateChange;
import dev.fusible.StoreEvent;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Tells operators what happens as it happens, as server-sent events. Who does not read fast enough
 * misses events; nobody is waited for. Thread-safe.
 */
final class EventFeed implements CircuitBreakerListener, AutoCloseable {

  private static final long HEARTBEAT_MILLIS = 15_000;

  private final Map<HttpServerResponse, Context> readers = new ConcurrentHashMap<>();

  void subscribe(RoutingContext routing) {
    HttpServerResponse response = routing.response();
    Context context = routing.vertx().getOrCreateContext();
    long heartbeat =
        routing
            .vertx()
            .setPeriodic(HEARTBEAT_MILLIS, beat -> write(response, Buffer.buffer(": \n\n")));
    response.closeHandler(
        closed -> {
          routing.vertx().cancelTimer(heartbeat);
          readers.remove(response);
        });
    response.setChunked(true).putHeader(HttpHeaders.CONTENT_TYPE, "text/event-stream");
    write(response, Buffer.buffer(": events follow\n\n"));
    readers.put(response, context);
  }

  @Override
  public void onStateChange(StateChange change) {
    ObjectNode event = event("state_change", change.at());
    event
        .put("businessId", change.businessId())
        .put("from", change.from().name())
        .put("to", change.to().name())
        .put("reason", change.reason())
        .put("failureCount", change.failureCount())
        .put("lastError", change.lastErrorCode());
    tell(event);
  }

  @Override
  public void onFallback(FallbackEvent fallback) {
    tell(
        event("fallback", fallback.at())
            .put("businessId", fallback.businessId())
            .put("type", fallback.type().name().toLowerCase(Locale.ROOT))
            .put("language", fallback.language()));
  }

  @Override
  public void onStoreDegraded(StoreEvent store) {
    tell(
        event(store.degraded() ? "store_degraded" : "store_recovered", store.at())
            .put("errorCode", store.errorCode()));
  }

  /** The upstream refuses the operator's key, address or model. */
  void upstreamRefuses(String upstream, int status, Instant at) {
    tell(event("upstream_refuses", at).put("upstream", upstream).put("status", status));
  }

  private static ObjectNode event(String name, Instant at) {
    return Json.MAPPER.createObjectNode().put("event", name).put("at", at.toString());
  }

  private void tell(ObjectNode event) {
    if (readers.isEmpty()) {
      return;
    }
    Buffer bytes = Buffer.buffer("data: ").appendBuffer(Json.write(event)).appendString("\n\n");
    readers.forEach(
        (response, context) -> context.runOnContext(now -> write(response, bytes.copy())));
  }

  /** Ends every reader's stream. */
  @Override
  public void close() {
    readers.forEach(
        (response, context) ->
            context.runOnContext(now -> response.end().onFailure(alreadyGone -> {})));
  }

  private static void write(HttpServerResponse response, Buffer bytes) {
    if (!response.closed() && !response.writeQueueFull()) {
      response.write(bytes).onFailure(gone -> {});
    }
  }
}
