package dev.fusible.gateway;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a caller's agent asks.
 *
 * @param body the request as it came; never changed
 */
record ChatRequest(ObjectNode body) {

  /** A body that is no chat completion. */
  static final class Malformed extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient ApiError error;

    Malformed(String message) {
      this.error = new ApiError(400, "invalid_request", message);
    }

    ApiError error() {
      return error;
    }
  }

  /**
   * Reads and checks a body.
   *
   * @throws Malformed saying what the agent must mend
   */
  static ChatRequest of(@Nullable Buffer bytes) throws Malformed {
    if (!(Json.read(bytes) instanceof ObjectNode body)) {
      throw new Malformed("the body must be a JSON object");
    }
    if (!body.path("messages").isArray() || body.path("messages").isEmpty()) {
      throw new Malformed("messages must be a list of at least one message");
    }
    if (body.hasNonNull("stream") && !body.path("stream").isBoolean()) {
      throw new Malformed("stream must be true or false");
    }
    return new ChatRequest(body);
  }

  boolean streams() {
    return body.path("stream").booleanValue();
  }

  boolean wantsUsage() {
    return body.path("stream_options").path("include_usage").booleanValue();
  }

  /** The request to send on. */
  Buffer without(List<String> fields) {
    if (fields.isEmpty()) {
      return Json.write(body);
    }
    ObjectNode copy = body.deepCopy();
    copy.remove(fields);
    return Json.write(copy);
  }
}
