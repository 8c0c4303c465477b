package dev.fusible.gateway;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusible.CircuitBreakerConfig;
import dev.fusible.CircuitBreakerState;
import dev.fusible.gateway.GatewayConfig.Business;
import dev.fusible.gateway.GatewayConfig.PlatformKey;
import dev.fusible.gateway.GatewayConfig.Secret;
import dev.fusible.jdbc.SqliteCircuitBreakerStore;
import dev.fusible.testkit.FaultyUpstream;
import dev.fusible.testkit.ManualTime;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * A gateway with three businesses, a store in a file of its own, an upstream that breaks on demand,
 * and time that stands still: all over real HTTP.
 */
final class RunningGateway implements AutoCloseable {

  static final String CLINIC = "clinica-sonrisa";
  static final String TACOS = "taqueria-don-pepe";
  static final String PLUMBER = "austin-plumbing";

  private static final ObjectMapper JSON = new ObjectMapper();

  final ManualTime time = new ManualTime();
  final FaultyUpstream upstream = FaultyUpstream.start();
  final Path folder;
  final Gateway gateway;
  final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  RunningGateway() {
    this(null, null);
  }

  RunningGateway(String adminToken, URI upstreamUrl) {
    try {
      folder = Files.createTempDirectory("fusible");
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    URI url = upstreamUrl == null ? URI.create(upstream.url()) : upstreamUrl;
    gateway = Gateway.start(config(folder, url, adminToken), time);
  }

  static GatewayConfig config(Path folder, URI upstream, String adminToken) {
    Map<String, Business> businesses = new TreeMap<>();
    add(businesses, CLINIC, "Clínica Sonrisa", "es-MX", "55 5010 0101");
    add(businesses, TACOS, "Taquería Don Pepe", "es-MX", null);
    add(businesses, PLUMBER, "Austin Plumbing", "en-US", null);
    return new GatewayConfig(
        new GatewayConfig.Server(
            "127.0.0.1", 0, "127.0.0.1", 0, adminToken == null ? null : new Secret(adminToken)),
        "jdbc:sqlite:" + folder.resolve("fusible.db"),
        CircuitBreakerConfig.defaults(),
        new GatewayConfig.Deadlines(
            Duration.ofMillis(4_500), Duration.ofSeconds(3), Duration.ofSeconds(8)),
        new GatewayConfig.Upstream(
            "llm", upstream, new Secret("upstream-key"), List.of(), List.of("metadata")),
        businesses,
        List.of(new PlatformKey(sha256("platform-key"), List.of(CLINIC, TACOS))));
  }

  private static void add(
      Map<String, Business> businesses, String id, String name, String language, String phone) {
    businesses.put(id, new Business(id, name, sha256("key-" + id), language, phone, null, null));
  }

  static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  // --- agents

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + gateway.port() + path))
        .timeout(Duration.ofSeconds(30));
  }

  HttpRequest.Builder chatRequest(String business, boolean stream) {
    return request("/v1/chat/completions")
        .header("Authorization", "Bearer key-" + business)
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body(stream)));
  }

  static String body(boolean stream) {
    return "{\"model\":\"gpt-4o-mini\",\"stream\":"
        + stream
        + ",\"messages\":[{\"role\":\"user\",\"content\":\"¿Tienen citas para mañana?\"}]}";
  }

  CompletableFuture<Answer> send(HttpRequest request) {
    return http.sendAsync(request, BodyHandlers.ofString()).thenApply(Answer::new);
  }

  CompletableFuture<Answer> chat(String business, boolean stream) {
    return send(chatRequest(business, stream).build());
  }

  /** A turn of a caller. */
  Answer say(String business, boolean stream) {
    return chat(business, stream).join();
  }

  // --- operators

  HttpRequest.Builder adminRequest(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + gateway.adminPort() + path))
        .timeout(Duration.ofSeconds(30));
  }

  Answer get(String path) {
    return send(adminRequest(path).build()).join();
  }

  Answer post(String path, String body) {
    return send(adminRequest(path).POST(HttpRequest.BodyPublishers.ofString(body)).build()).join();
  }

  JsonNode circuit(String business) {
    return get("/admin/circuits/" + business).json();
  }

  String state(String business) {
    return circuit(business).path("state").asText();
  }

  /**
   * Moves time to the end of an open circuit's wait. The store's clock is real and says how long
   * ago the circuit opened, so it must have heard of that before.
   */
  void waitForRecovery(String business) {
    try (SqliteCircuitBreakerStore store =
        SqliteCircuitBreakerStore.open(folder.resolve("fusible.db"))) {
      await()
          .until(
              () ->
                  store
                      .getState(business)
                      .thenApply(row -> row.state() == CircuitBreakerState.OPEN)
                      .toCompletableFuture()
                      .join());
    }
    await().until(() -> circuit(business).path("retryAfter").asDouble() > 0);
    time.advance(Duration.ofSeconds(30));
  }

  @Override
  public void close() {
    gateway.close();
    upstream.close();
  }

  static JsonNode parse(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException notJson) {
      throw new UncheckedIOException(text, notJson);
    }
  }

  /** What an agent gets. */
  record Answer(HttpResponse<String> response) {

    int status() {
      return response.statusCode();
    }

    String body() {
      return response.body();
    }

    String header(String name) {
      return response.headers().firstValue(name).orElse(null);
    }

    JsonNode json() {
      return parse(body());
    }

    /** The events of a stream, as they came; the last is {@code [DONE]}. */
    List<String> events() {
      List<String> events = new ArrayList<>();
      for (String event : body().split("\n\n")) {
        events.add(event.startsWith("data: ") ? event.substring(6) : event);
      }
      return events;
    }

    List<JsonNode> chunks() {
      return events().stream()
          .filter(event -> !event.equals("[DONE]"))
          .map(RunningGateway::parse)
          .toList();
    }

    boolean streamed() {
      return "text/event-stream".equals(header("content-type"));
    }

    /** All that a text-to-speech would say. */
    String words() {
      if (!streamed()) {
        return json().at("/choices/0/message/content").asText();
      }
      StringBuilder words = new StringBuilder();
      for (JsonNode chunk : chunks()) {
        words.append(chunk.at("/choices/0/delta/content").asText(""));
      }
      return words.toString();
    }
  }
}
