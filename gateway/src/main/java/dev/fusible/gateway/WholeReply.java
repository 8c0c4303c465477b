package dev.fusible.gateway;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusible.FallbackResponse;
import dev.fusible.FallbackType;
import dev.fusible.TimeSource;
import io.vertx.core.Context;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import org.jspecify.annotations.Nullable;

/** An answer in one piece. Confined to the connection's context. */
final class WholeReply extends Reply {

  private @Nullable ObjectNode answer;

  WholeReply(
      Turn turn,
      Context context,
      HttpServerResponse response,
      TimeSource time,
      Silence silence,
      String language) {
    super(turn, context, response, time, silence, language);
  }

  @Override
  void piece(Piece piece) {
    if (piece instanceof Piece.Whole whole) {
      answer = whole.json();
    }
  }

  @Override
  void complete() {
    ObjectNode whole = answer;
    if (whole != null) {
      head("upstream", null);
      send(whole);
    }
  }

  @Override
  void sentence(FallbackResponse sentence, FallbackType type) {
    head("fallback", type);
    ObjectNode document = document("chat.completion");
    ObjectNode choice = document.putArray("choices").addObject();
    choice.put("index", 0);
    choice.putObject("message").put("role", "assistant").put("content", sentence.text());
    choice.put("finish_reason", "stop");
    document.set("usage", noUsage());
    send(document);
  }

  private void send(ObjectNode document) {
    silence().broken();
    response().putHeader(HttpHeaders.CONTENT_TYPE, "application/json");
    end(Json.write(document));
  }
}
