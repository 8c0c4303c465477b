package dev.fusible.gateway;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import org.jspecify.annotations.Nullable;

/**
 * An answer of the gateway's own that is no chat completion. Its words are ours: nothing of what
 * was sent is in them.
 *
 * @param status the HTTP status
 * @param code what clients may look at; {@code null} for none
 * @param message what the agent's developer must mend
 */
record ApiError(int status, @Nullable String code, String message) {

  /** Ends the response with this, so that no client's SDK tries again. */
  void send(HttpServerResponse response) {
    if (response.ended() || response.closed()) {
      return;
    }
    ObjectNode body = Json.MAPPER.createObjectNode();
    body.putObject("error")
        .put("message", message)
        .put("type", status >= 500 ? "server_error" : "invalid_request_error")
        .putNull("param")
        .put("code", code);
    response
        .setStatusCode(status)
        .putHeader("x-should-retry", "false")
        .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
        .end(Json.write(body))
        .onFailure(hungUp -> {});
  }
}
