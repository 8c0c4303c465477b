package dev.fusible.testkit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** One call of a chat completion by a client that keeps what it has read so far. */
final class Call {

  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int KEPT_BYTES = 200_000;

  private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
  private final CompletableFuture<HttpResponse<Void>> future;
  private volatile int status;
  private volatile HttpHeaders headers;
  private volatile long bytes;

  private Call(HttpRequest request) {
    future =
        CLIENT.sendAsync(
            request,
            info -> {
              status = info.statusCode();
              headers = info.headers();
              return BodySubscribers.ofByteArrayConsumer(part -> part.ifPresent(this::read));
            });
  }

  static Call of(FaultyUpstream upstream, boolean stream) {
    return of(upstream, stream, "Hello, I need an appointment");
  }

  static Call of(FaultyUpstream upstream, boolean stream, String says) {
    return post(
        upstream,
        """
        {"model":"gpt-x","stream":%s,"stream_options":{"include_usage":true},
         "messages":[{"role":"system","content":"Be kind."},{"role":"user","content":"%s"}]}
        """
            .formatted(stream, says));
  }

  static Call post(FaultyUpstream upstream, String body) {
    return new Call(
        HttpRequest.newBuilder(URI.create(upstream.url() + "/chat/completions"))
            .header("Content-Type", "application/json")
            .header("Authorization", "Bearer demo")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  static Call get(String url) {
    return new Call(HttpRequest.newBuilder(URI.create(url)).build());
  }

  private synchronized void read(byte[] part) {
    bytes += part.length;
    if (kept.size() < KEPT_BYTES) {
      kept.write(part, 0, part.length);
    }
  }

  Call join() {
    future.join();
    return this;
  }

  void hangUp() {
    future.cancel(true);
  }

  boolean isDone() {
    return future.isDone();
  }

  boolean hasFailed() {
    return future.isCompletedExceptionally();
  }

  int status() {
    return status;
  }

  String header(String name) {
    return headers.firstValue(name).orElse("");
  }

  long bytes() {
    return bytes;
  }

  synchronized String text() {
    return kept.toString(StandardCharsets.UTF_8);
  }

  JsonNode json() {
    return json(text());
  }

  /** The payloads of the events so far, without the last one if it is not whole. */
  List<String> events() {
    String text = text();
    return text.substring(0, text.lastIndexOf('\n') + 1)
        .lines()
        .filter(line -> line.startsWith("data: "))
        .map(line -> line.substring("data: ".length()))
        .toList();
  }

  List<JsonNode> chunks() {
    return events().stream().filter(data -> !data.equals("[DONE]")).map(Call::json).toList();
  }

  /** What a TTS would have been given so far. */
  String spoken() {
    StringBuilder spoken = new StringBuilder();
    for (JsonNode chunk : chunks()) {
      spoken.append(chunk.at("/choices/0/delta/content").asText(""));
    }
    return spoken.toString();
  }

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException notJson) {
      throw new UncheckedIOException(notJson);
    }
  }
}
