package dev.fusible.gateway;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** JSON, read strictly: what follows a document is no part of it. */
final class Json {

  static final ObjectMapper MAPPER =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private Json() {}

  /** The document, or a missing node for what is none. */
  static JsonNode read(@Nullable Buffer buffer) {
    if (buffer == null) {
      return MAPPER.missingNode();
    }
    try {
      return MAPPER.readTree(buffer.getBytes());
    } catch (IOException notJson) {
      return MAPPER.missingNode();
    }
  }

  static Buffer write(JsonNode document) {
    try {
      return Buffer.buffer(MAPPER.writeValueAsBytes(document));
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException("a tree can be written", impossible);
    }
  }

  /** Whether a tool could be called with these arguments. */
  static boolean isObjectOrEmpty(String text) {
    return text.isBlank() || read(Buffer.buffer(text)).isObject();
  }
}
