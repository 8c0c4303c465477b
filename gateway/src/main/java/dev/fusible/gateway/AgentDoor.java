package dev.fusible.gateway;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusible.TimeSource;
import dev.fusible.VoiceCircuitBreaker;
import dev.fusible.VoiceCircuitBreakers;
import dev.fusible.gateway.Callers.Identity;
import dev.fusible.gateway.GatewayConfig.Business;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.util.List;

/** Where agents come in: OpenAI's chat completions and list of models. Thread-safe. */
final class AgentDoor {

  private static final int LARGEST_REQUEST = 8 * 1024 * 1024;

  private final GatewayConfig config;
  private final VoiceCircuitBreakers breakers;
  private final OpenAiUpstream upstream;
  private final Callers callers;
  private final Meters meters;
  private final TimeSource time;

  AgentDoor(
      GatewayConfig config,
      VoiceCircuitBreakers breakers,
      OpenAiUpstream upstream,
      Meters meters,
      TimeSource time) {
    this.config = config;
    this.breakers = breakers;
    this.upstream = upstream;
    this.callers = new Callers(config);
    this.meters = meters;
    this.time = time;
  }

  Router router(Vertx vertx) {
    Router router = Router.router(vertx);
    BodyHandler body = BodyHandler.create(false).setBodyLimit(LARGEST_REQUEST);
    for (String prefix : List.of("/v1", "")) {
      // On a route of its own, so that nobody's body is read before we know whose it is.
      router.post(prefix + "/chat/completions").handler(this::identify);
      router.post(prefix + "/chat/completions").handler(body).handler(this::chat);
      router.get(prefix + "/models").handler(this::identify).handler(this::models);
    }
    router.route().handler(other -> notFound().send(other.response()));
    router.route().failureHandler(failed -> error(failed.statusCode()).send(failed.response()));
    return router;
  }

  private static ApiError notFound() {
    return new ApiError(
        404, "not_found", "the gateway answers POST /v1/chat/completions and GET /v1/models");
  }

  private static ApiError error(int status) {
    return switch (status) {
      case 413 -> new ApiError(413, "request_too_large", "a request may have 8 MiB");
      case 405 -> new ApiError(405, "method_not_allowed", "chat completions are asked for by POST");
      default ->
          status >= 400 && status < 500
              ? new ApiError(status, "bad_request", "the request can't be read")
              : new ApiError(500, "internal_error", "the gateway failed");
    };
  }

  private void identify(RoutingContext routing) {
    Identity identity = callers.identify(routing.request().headers());
    if (identity instanceof Identity.Known known) {
      routing.put("business", known.business());
      routing.next();
    } else if (identity instanceof Identity.Unknown unknown) {
      unknown.error().send(routing.response());
    }
  }

  private void chat(RoutingContext routing) {
    ChatRequest request;
    try {
      request = ChatRequest.of(routing.body().buffer());
    } catch (ChatRequest.Malformed malformed) {
      malformed.error().send(routing.response());
      return;
    }
    Business business = routing.get("business");
    HttpServerRequest http = routing.request();
    String language = language(http, business);
    VoiceCircuitBreaker breaker =
        breakers.forBusiness(business.id(), upstream.name()).inLanguage(language);
    Context context = routing.vertx().getOrCreateContext();
    Deadlines deadlines = Deadlines.of(config, request.streams(), http.headers());
    Turn turn = new Turn(breaker, upstream, request, deadlines, context);
    Silence silence = new Silence(time, meters::deadAir);
    HttpServerResponse response = routing.response();
    turn.answer(
        request.streams()
            ? new StreamedReply(turn, context, response, time, silence, language)
            : new WholeReply(turn, context, response, time, silence, language));
  }

  private static String language(HttpServerRequest http, Business business) {
    String asked = http.getHeader("X-Language");
    if (asked != null && !asked.isBlank()) {
      return asked.trim();
    }
    return business.language() != null ? business.language() : GatewayConfig.DEFAULT_LANGUAGE;
  }

  private void models(RoutingContext routing) {
    List<String> models = upstream.config().models();
    if (models.isEmpty()) {
      upstream.models(routing.response());
      return;
    }
    ObjectNode list = Json.MAPPER.createObjectNode().put("object", "list");
    for (String model : models) {
      list.withArray("data")
          .addObject()
          .put("id", model)
          .put("object", "model")
          .put("created", 0)
          .put("owned_by", upstream.name());
    }
    routing
        .response()
        .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
        .end(Json.write(list))
        .onFailure(hungUp -> {});
  }
}
