package dev.fusible.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusible.gateway.RunningGateway.Answer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;

/** A gateway in a process of its own, on real time, to be killed. */
final class GatewayProcess implements AutoCloseable {

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final int port = freePort();
  private final int adminPort = freePort();
  private final List<String> command = new ArrayList<>();
  private final Path log;
  private final Map<String, String> environment;
  private Process process;

  GatewayProcess(Path folder, String yaml) {
    this(folder, yaml, Map.of());
  }

  GatewayProcess(Path folder, String yaml, Map<String, String> environment) {
    this.environment = environment;
    log = folder.resolve("gateway-" + port + ".log");
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "--config",
            write(folder.resolve("fusible-" + port + ".yaml"), yaml).toString(),
            "--port",
            Integer.toString(port),
            "--admin-port",
            Integer.toString(adminPort)));
    start();
  }

  private static Path write(Path file, String text) {
    try {
      return Files.writeString(file, text);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  void start() {
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
      builder.environment().putAll(environment);
      process = builder.start();
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .ignoreExceptions()
        .until(() -> admin("/healthz").path("status").asText().equals("ok"));
  }

  /** As {@code kill -9} does. */
  void kill() {
    process.destroyForcibly();
    process.onExit().join();
  }

  void pause() {
    Signals.stop(process.toHandle());
  }

  void resume() {
    Signals.resume(process.toHandle());
  }

  /** As SIGTERM does; returns the exit code. */
  int stop() {
    process.destroy();
    return process.onExit().join().exitValue();
  }

  String log() {
    try {
      return Files.readString(log);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  CompletableFuture<Answer> chat(String business, boolean stream) {
    return http.sendAsync(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/chat/completions"))
                .header("Authorization", "Bearer key-" + business)
                .POST(BodyPublishers.ofString(RunningGateway.body(stream)))
                .timeout(Duration.ofSeconds(30))
                .build(),
            BodyHandlers.ofString())
        .thenApply(Answer::new);
  }

  JsonNode admin(String path) {
    return send(HttpRequest.newBuilder(operators(path)).GET());
  }

  /**
   * An operator's order for a circuit: {@code force-open}, {@code force-closed} or {@code reset}.
   */
  JsonNode order(String circuit, String order) {
    return send(
        HttpRequest.newBuilder(operators("/admin/circuits/" + circuit + "/" + order))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString("{\"reason\": \"test\"}")));
  }

  private URI operators(String path) {
    return URI.create("http://127.0.0.1:" + adminPort + path);
  }

  private JsonNode send(HttpRequest.Builder request) {
    try {
      return RunningGateway.parse(
          http.send(request.timeout(Duration.ofSeconds(10)).build(), BodyHandlers.ofString())
              .body());
    } catch (IOException notYet) {
      throw new UncheckedIOException(notYet);
    } catch (InterruptedException interrupted) {
      throw new IllegalStateException(interrupted);
    }
  }

  JsonNode circuit(String business) {
    return admin("/admin/circuits/" + business);
  }

  String state(String business) {
    return circuit(business).path("state").asText();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
