package dev.fusible.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusible.gateway.UpstreamFailure.BrokenToolCall;
import dev.fusible.gateway.UpstreamFailure.EmptyAnswer;
import dev.fusible.gateway.UpstreamFailure.ErrorInAnswer;
import dev.fusible.gateway.UpstreamFailure.NotAnAnswer;
import io.vertx.core.buffer.Buffer;

/** Makes the piece of an answer that does not stream. */
final class WholeReader {

  private WholeReader() {}

  /**
   * The answer in {@code body}.
   *
   * @throws UpstreamFailure if it is none
   */
  static Piece.Whole read(Buffer body) {
    if (!(Json.read(body) instanceof ObjectNode answer)) {
      throw new NotAnAnswer();
    }
    if (answer.hasNonNull("error")) {
      throw new ErrorInAnswer();
    }
    if (!(answer.get("choices") instanceof ArrayNode choices) || choices.isEmpty()) {
      throw new NotAnAnswer();
    }
    boolean answered = false;
    for (JsonNode choice : choices) {
      answered |= hasAnswer(choice);
    }
    if (!answered) {
      throw new EmptyAnswer();
    }
    return new Piece.Whole(answer);
  }

  private static boolean hasAnswer(JsonNode choice) {
    JsonNode message = choice.path("message");
    boolean calls = false;
    for (JsonNode call : message.path("tool_calls")) {
      JsonNode function = call.path("function");
      if (function.path("name").asText("").isEmpty()
          || !Json.isObjectOrEmpty(function.path("arguments").asText(""))) {
        throw new BrokenToolCall();
      }
      calls = true;
    }
    return calls
        || !message.path("content").asText("").isBlank()
        || !message.path("refusal").asText("").isBlank()
        || choice.path("finish_reason").asText("").equals("content_filter");
  }
}
