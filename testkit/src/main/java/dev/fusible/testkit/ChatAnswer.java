package dev.fusible.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One chat completion in the wire format, whole or as the events of a stream. */
final class ChatAnswer {

  static final String DEFAULT_MODEL = "fusible-demo";

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final Pattern BEFORE_A_SPACE = Pattern.compile("(?= )");
  private static final Pattern SPACES = Pattern.compile("\\s+");
  private static final int ARGUMENT_PIECES = 4;

  private final JsonNode request;
  private final String id = "chatcmpl-" + UUID.randomUUID().toString().replace("-", "");
  private final long created = Instant.now().getEpochSecond();
  private final String model;
  private final String text;
  private final @Nullable ToolCall toolCall;

  ChatAnswer(JsonNode request, Behaviour behaviour) {
    this.request = request;
    String configured = behaviour.model();
    this.model = configured != null ? configured : request.path("model").asText(DEFAULT_MODEL);
    String answer = behaviour.answer();
    this.text = answer != null ? answer : ReceptionistAnswer.to(request);
    this.toolCall = isAfterToolResult() ? null : behaviour.toolCall();
  }

  /** An agent that got its tool's result wants the words, not the same call again. */
  private boolean isAfterToolResult() {
    JsonNode messages = request.path("messages");
    return "tool".equals(messages.path(messages.size() - 1).path("role").asText());
  }

  boolean isStreamed() {
    return request.path("stream").asBoolean();
  }

  private boolean hasUsage() {
    return request.path("stream_options").path("include_usage").asBoolean();
  }

  /** The first event: the role and no content. */
  String roleEvent() {
    ObjectNode delta = JSON.objectNode().put("role", "assistant");
    if (toolCall == null) {
      delta.put("content", "");
    } else {
      delta.putNull("content");
    }
    return deltaEvent(delta, null);
  }

  /** An event with a delta of these words. */
  String contentEvent(String words) {
    return deltaEvent(JSON.objectNode().put("content", words), null);
  }

  /** An event that says nothing. */
  String emptyEvent() {
    return deltaEvent(JSON.objectNode(), null);
  }

  /** The content: an event a word, or the pieces of a tool call. */
  List<String> contentEvents() {
    List<String> events = new ArrayList<>();
    if (toolCall == null) {
      BEFORE_A_SPACE.splitAsStream(text).map(this::contentEvent).forEach(events::add);
      return events;
    }
    ObjectNode start = toolCallNode(toolCall.name(), "");
    start.put("index", 0);
    events.add(toolCallEvent(start));
    String arguments = toolCall.arguments();
    int size = Math.max(1, (arguments.length() + ARGUMENT_PIECES - 1) / ARGUMENT_PIECES);
    for (int from = 0; from < arguments.length(); from += size) {
      ObjectNode piece = JSON.objectNode().put("index", 0);
      piece
          .putObject("function")
          .put("arguments", arguments.substring(from, Math.min(arguments.length(), from + size)));
      events.add(toolCallEvent(piece));
    }
    return events;
  }

  /** The finish, the usage if it was asked for, and [DONE]. */
  List<String> lastEvents() {
    List<String> events = new ArrayList<>();
    events.add(deltaEvent(JSON.objectNode(), finishReason()));
    if (hasUsage()) {
      ObjectNode usage = envelope("chat.completion.chunk");
      usage.putArray("choices");
      usage.set("usage", usage());
      events.add(event(usage.toString()));
    }
    events.add(event("[DONE]"));
    return events;
  }

  /** The answer to a request that does not stream. */
  String body() {
    ObjectNode body = envelope("chat.completion");
    ObjectNode choice = body.putArray("choices").addObject().put("index", 0);
    ObjectNode message = choice.putObject("message").put("role", "assistant");
    if (toolCall == null) {
      message.put("content", text);
    } else {
      message.putNull("content");
      message.putArray("tool_calls").add(toolCallNode(toolCall.name(), toolCall.arguments()));
    }
    message.putNull("refusal");
    choice.putNull("logprobs");
    choice.put("finish_reason", finishReason());
    body.set("usage", usage());
    return body.toString();
  }

  static String event(String data) {
    return "data: " + data + "\n\n";
  }

  private String finishReason() {
    return toolCall == null ? "stop" : "tool_calls";
  }

  private ObjectNode toolCallNode(String name, String arguments) {
    ObjectNode call =
        JSON.objectNode()
            .put("id", "call_" + id.substring(id.length() - 24))
            .put("type", "function");
    call.putObject("function").put("name", name).put("arguments", arguments);
    return call;
  }

  private String toolCallEvent(ObjectNode piece) {
    ObjectNode delta = JSON.objectNode();
    delta.putArray("tool_calls").add(piece);
    return deltaEvent(delta, null);
  }

  private String deltaEvent(ObjectNode delta, @Nullable String finishReason) {
    ObjectNode chunk = envelope("chat.completion.chunk");
    ObjectNode choice = chunk.putArray("choices").addObject().put("index", 0);
    choice.set("delta", delta);
    choice.putNull("logprobs");
    choice.put("finish_reason", finishReason);
    if (hasUsage()) {
      chunk.putNull("usage");
    }
    return event(chunk.toString());
  }

  private ObjectNode envelope(String object) {
    return JSON.objectNode()
        .put("id", id)
        .put("object", object)
        .put("created", created)
        .put("model", model);
  }

  /** Words stand in for tokens. */
  private ObjectNode usage() {
    int prompt = 0;
    for (JsonNode message : request.path("messages")) {
      prompt += words(ReceptionistAnswer.textOf(message.path("content")));
    }
    int completion = words(toolCall == null ? text : toolCall.arguments());
    return JSON.objectNode()
        .put("prompt_tokens", prompt)
        .put("completion_tokens", completion)
        .put("total_tokens", prompt + completion);
  }

  private static int words(String text) {
    return (int) SPACES.splitAsStream(text).filter(word -> !word.isEmpty()).count();
  }
}
