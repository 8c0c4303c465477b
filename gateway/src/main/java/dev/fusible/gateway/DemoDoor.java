package dev.fusible.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusible.testkit.Fault;
import dev.fusible.testkit.FaultyUpstream;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Map;
import java.util.TreeMap;

/** Breaks the bundled upstream. In the demo only. */
final class DemoDoor {

  private static final Map<String, Fault> KINDS =
      new TreeMap<>(
          Map.of(
              "none", Fault.NONE,
              "hang", Fault.HANG,
              "error", Fault.ERROR,
              "slow", Fault.SLOW,
              "cut", Fault.CUT,
              "stall", Fault.STALL));

  private final FaultyUpstream upstream;

  DemoDoor(FaultyUpstream upstream) {
    this.upstream = upstream;
  }

  void open(Router router) {
    router.post("/demo/fault").handler(AdminDoor.body()).handler(this::fault);
    router.get("/demo/upstream").handler(this::upstream);
  }

  private void fault(RoutingContext routing) {
    JsonNode kind = Json.read(routing.body().buffer()).path("kind");
    Fault fault = KINDS.get(kind.asText());
    if (fault == null) {
      new ApiError(
              400,
              "invalid_request",
              "the body must be {\"kind\": \"…\"} with one of " + String.join(", ", KINDS.keySet()))
          .send(routing.response());
      return;
    }
    upstream.fault(fault);
    AdminDoor.send(routing, Json.MAPPER.createObjectNode().set("kind", kind));
  }

  /** What reached the upstream: the proof that an open circuit lets nothing through. */
  private void upstream(RoutingContext routing) {
    AdminDoor.send(
        routing,
        Json.MAPPER
            .createObjectNode()
            .put("requests", upstream.requests())
            .put("cancelled", upstream.cancelled())
            .put("inFlight", upstream.inFlight()));
  }
}
