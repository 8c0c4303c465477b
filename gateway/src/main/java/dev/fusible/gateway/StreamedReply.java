package dev.fusible.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusible.FallbackResponse;
import dev.fusible.FallbackType;
import dev.fusible.TimeSource;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * An answer as a stream of events. Nothing is sent before there is something to hear, so that the
 * headers can say whose words they are. Confined to the connection's context.
 */
final class StreamedReply extends Reply {

  private static final String ENDS_OF_SENTENCES = ".!?…";

  private final List<Piece.Chunk> beforeSpeech = new ArrayList<>();
  private final Set<Integer> openChoices = new TreeSet<>(Set.of(0));
  private @Nullable ObjectNode latest;
  private boolean finished;
  private char lastSaid = '.';

  StreamedReply(
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
    if (!(piece instanceof Piece.Chunk chunk)) {
      return;
    }
    if (response().headWritten()) {
      send(chunk);
    } else {
      beforeSpeech.add(chunk);
      if (chunk.speakable()) {
        begin();
      }
    }
  }

  /** The upstream speaks: all that came before goes first. */
  private void begin() {
    head("upstream", null);
    eventStream();
    beforeSpeech.forEach(this::send);
    beforeSpeech.clear();
  }

  private void eventStream() {
    response()
        .setChunked(true)
        .putHeader(HttpHeaders.CONTENT_TYPE, "text/event-stream")
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache");
  }

  private void send(Piece.Chunk chunk) {
    latest = chunk.json();
    for (JsonNode choice : chunk.json().path("choices")) {
      openChoices.add(choice.path("index").asInt());
      String content = choice.path("delta").path("content").asText("").stripTrailing();
      if (!content.isEmpty()) {
        lastSaid = content.charAt(content.length() - 1);
      }
      if (choice.hasNonNull("finish_reason")) {
        finished = true;
        openChoices.remove(choice.path("index").asInt());
      }
    }
    if (chunk.speakable()) {
      silence().broken();
    }
    write(event(chunk.json()));
  }

  @Override
  void complete() {
    if (!response().headWritten()) {
      begin();
    }
    Buffer last = Buffer.buffer();
    if (!finished) {
      last.appendBuffer(event(finish(null)));
    }
    end(last.appendString("data: [DONE]\n\n"));
  }

  @Override
  void sentence(FallbackResponse sentence, FallbackType type) {
    boolean begins = !response().headWritten();
    if (begins) {
      head("fallback", type);
      eventStream();
    }
    silence().broken();
    ObjectNode said = chunk();
    ObjectNode choice = said.putArray("choices").addObject().put("index", 0);
    ObjectNode delta = choice.putObject("delta");
    if (begins) {
      delta.put("role", "assistant");
    }
    delta.put("content", (begins ? "" : separator()) + sentence.text());
    choice.putNull("finish_reason");
    Buffer last = event(said).appendBuffer(event(finish(begins ? null : type)));
    if (turn().request().wantsUsage()) {
      ObjectNode usage = chunk();
      usage.putArray("choices");
      usage.set("usage", noUsage());
      last.appendBuffer(event(usage));
    }
    end(last.appendString("data: [DONE]\n\n"));
  }

  /** Ends what was being said, so that the sentence is not read as its continuation. */
  private String separator() {
    return ENDS_OF_SENTENCES.indexOf(lastSaid) >= 0 ? " " : "… ";
  }

  /** The chunk that ends the answer; says so if a sentence did. */
  private ObjectNode finish(@Nullable FallbackType endedBy) {
    ObjectNode finish = chunk();
    for (int index : openChoices) {
      ObjectNode choice = finish.withArray("choices").addObject().put("index", index);
      choice.putObject("delta");
      choice.put("finish_reason", "stop");
    }
    if (endedBy != null) {
      finish.putObject("fusible").put("outcome", "fallback").put("fallback", nameOf(endedBy));
    }
    return finish;
  }

  /** A chunk of the same answer as those before it. */
  private ObjectNode chunk() {
    ObjectNode chunk = document("chat.completion.chunk");
    ObjectNode before = latest;
    if (before != null) {
      for (String name : List.of("id", "created", "model")) {
        if (before.hasNonNull(name)) {
          chunk.set(name, before.get(name));
        }
      }
    } else {
      latest = chunk;
    }
    return chunk;
  }

  private static Buffer event(ObjectNode chunk) {
    return Buffer.buffer("data: ").appendBuffer(Json.write(chunk)).appendString("\n\n");
  }

  private void write(Buffer event) {
    response().write(event).onFailure(hungUp -> {});
  }
}
