package dev.fusible.gateway;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusible.gateway.UpstreamFailure.BrokenToolCall;
import dev.fusible.gateway.UpstreamFailure.CutAnswer;
import dev.fusible.gateway.UpstreamFailure.EmptyAnswer;
import dev.fusible.gateway.UpstreamFailure.ErrorInAnswer;
import dev.fusible.gateway.UpstreamFailure.NotAnAnswer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Makes pieces of the lines of a streamed chat completion. The deltas of tool calls are held until
 * the calls are complete, so that no broken one ever comes out. Used by one thread.
 */
final class ChunkReader {

  private final Consumer<Piece.Chunk> pieces;
  private final StringBuilder data = new StringBuilder();
  private final List<ObjectNode> heldToolCalls = new ArrayList<>();
  private boolean inWord;
  private boolean answered;
  private boolean finished;
  private boolean done;

  ChunkReader(Consumer<Piece.Chunk> pieces) {
    this.pieces = pieces;
  }

  /** Whether the answer is complete. */
  boolean isDone() {
    return done;
  }

  /**
   * The next line, without its end.
   *
   * @throws UpstreamFailure if this can't become an answer any more
   */
  void line(String line) {
    if (done) {
      return;
    }
    if (line.isEmpty()) {
      event();
    } else if (line.startsWith("data:")) {
      if (!data.isEmpty()) {
        data.append('\n');
      }
      data.append(line, line.startsWith("data: ") ? 6 : 5, line.length());
    }
  }

  /**
   * The connection has ended.
   *
   * @throws UpstreamFailure if the answer had not
   */
  void end() {
    event();
    if (!done && !finished) {
      throw new CutAnswer();
    }
    complete();
  }

  private void event() {
    String text = data.toString().strip();
    data.setLength(0);
    if (text.isEmpty() || done) {
      return;
    }
    if (text.equals("[DONE]")) {
      complete();
    } else {
      chunk(parsed(text));
    }
  }

  private static ObjectNode parsed(String text) {
    try {
      if (Json.MAPPER.readTree(text) instanceof ObjectNode object) {
        return object;
      }
    } catch (JsonProcessingException notJson) {
      throw new NotAnAnswer();
    }
    throw new NotAnAnswer();
  }

  private void complete() {
    if (done) {
      return;
    }
    releaseToolCalls();
    if (!answered) {
      throw new EmptyAnswer();
    }
    done = true;
  }

  private void chunk(ObjectNode chunk) {
    if (chunk.hasNonNull("error")) {
      throw new ErrorInAnswer();
    }
    if (!(chunk.get("choices") instanceof ArrayNode choices)) {
      throw new NotAnAnswer();
    }
    holdToolCalls(chunk, choices);
    boolean finishes = false;
    boolean speakable = false;
    int words = 0;
    for (JsonNode choice : choices) {
      JsonNode content = choice.path("delta").path("content");
      if (content.isTextual()) {
        words += wordsBegunIn(content.textValue());
        speakable |= !content.textValue().isBlank();
      }
      finishes |= choice.hasNonNull("finish_reason");
      answered |=
          !choice.path("delta").path("refusal").asText("").isBlank()
              || choice.path("finish_reason").asText("").equals("content_filter");
    }
    answered |= speakable;
    if (finishes) {
      finished = true;
      releaseToolCalls();
    }
    pieces.accept(new Piece.Chunk(chunk, speakable, words));
  }

  private int wordsBegunIn(String text) {
    int words = 0;
    for (int i = 0; i < text.length(); i++) {
      boolean space = Character.isWhitespace(text.charAt(i));
      if (!space && !inWord) {
        words++;
      }
      inWord = !space;
    }
    return words;
  }

  /** Takes the deltas of tool calls out of {@code chunk}, into one of their own. */
  private void holdToolCalls(ObjectNode chunk, ArrayNode choices) {
    ArrayNode held = Json.MAPPER.createArrayNode();
    for (JsonNode choice : choices) {
      if (choice.get("delta") instanceof ObjectNode delta && delta.hasNonNull("tool_calls")) {
        ObjectNode part = held.addObject();
        part.set("index", choice.path("index"));
        part.putObject("delta").set("tool_calls", delta.remove("tool_calls"));
        part.putNull("finish_reason");
      }
    }
    if (!held.isEmpty()) {
      ObjectNode copy = chunk.deepCopy();
      copy.remove("usage");
      copy.set("choices", held);
      heldToolCalls.add(copy);
    }
  }

  private void releaseToolCalls() {
    if (heldToolCalls.isEmpty()) {
      return;
    }
    checkToolCalls();
    answered = true;
    for (ObjectNode held : heldToolCalls) {
      pieces.accept(new Piece.Chunk(held, true, 0));
    }
    heldToolCalls.clear();
  }

  private void checkToolCalls() {
    Map<String, StringBuilder> names = new TreeMap<>();
    Map<String, StringBuilder> arguments = new TreeMap<>();
    for (ObjectNode held : heldToolCalls) {
      for (JsonNode choice : held.path("choices")) {
        for (JsonNode call : choice.path("delta").path("tool_calls")) {
          String key = choice.path("index").asText() + "/" + call.path("index").asText();
          JsonNode function = call.path("function");
          names
              .computeIfAbsent(key, k -> new StringBuilder())
              .append(function.path("name").asText(""));
          arguments
              .computeIfAbsent(key, k -> new StringBuilder())
              .append(function.path("arguments").asText(""));
        }
      }
    }
    boolean complete =
        names.values().stream().noneMatch(StringBuilder::isEmpty)
            && arguments.values().stream().allMatch(text -> Json.isObjectOrEmpty(text.toString()));
    if (!complete) {
      throw new BrokenToolCall();
    }
  }
}
