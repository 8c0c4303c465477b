package dev.fusible.gateway;

import static dev.fusible.gateway.RunningGateway.CLINIC;
import static dev.fusible.gateway.RunningGateway.PLUMBER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import dev.fusible.gateway.RunningGateway.Answer;
import dev.fusible.testkit.Fault;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Nothing private gets out: not into logs, metrics, rows, errors, events or pages. */
class CanaryTest {

  private static final List<String> CANARIES =
      List.of(
          "canary-prompt",
          "canary-answer",
          "canary-phone-5550199",
          "canary-tool-argument",
          "canary-header",
          "canary-query",
          "canary-user",
          "key-" + CLINIC,
          "platform-key",
          "upstream-key",
          "operators-token",
          // What the upstream says of its errors.
          "was told to answer so");

  private final RunningGateway run = new RunningGateway("operators-token", null);
  private final Queue<String> seen = new ConcurrentLinkedQueue<>();
  private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          seen.add("log: " + event.getFormattedMessage() + " " + event.getKeyValuePairs());
          for (IThrowableProxy thrown = event.getThrowableProxy();
              thrown != null;
              thrown = thrown.getCause()) {
            seen.add("log: " + thrown.getClassName() + " " + thrown.getMessage());
          }
        }
      };
  private Level level;

  @BeforeEach
  void listen() {
    level = root.getLevel();
    root.setLevel(Level.INFO);
    ((Logger) LoggerFactory.getLogger("dev.fusible")).setLevel(Level.ALL);
    appender.start();
    root.addAppender(appender);
    run.http
        .sendAsync(admin("/admin/events").build(), BodyHandlers.ofLines())
        .thenAccept(events -> events.body().forEach(line -> seen.add("event: " + line)));
  }

  @AfterEach
  void close() {
    run.close();
    root.detachAppender(appender);
    root.setLevel(level);
    ((Logger) LoggerFactory.getLogger("dev.fusible")).setLevel(null);
  }

  private java.net.http.HttpRequest.Builder admin(String path) {
    return run.adminRequest(path).header("Authorization", "Bearer operators-token");
  }

  private CompletableFuture<Answer> turn(String key, boolean stream) {
    String body =
        "{\"model\":\"gpt-4o-mini\",\"stream\":"
            + stream
            + ",\"user\":\"canary-user\",\"metadata\":{\"phone\":\"canary-phone-5550199\"},"
            + "\"messages\":[{\"role\":\"user\",\"content\":\"canary-prompt\"}]}";
    return run.send(
        run.request("/v1/chat/completions?q=canary-query")
            .header("Authorization", "Bearer " + key)
            .header("X-Business-Id", CLINIC)
            .header("X-Caller", "canary-header canary-phone-5550199")
            .header("X-Language", "canary-header")
            .POST(BodyPublishers.ofString(body))
            .build());
  }

  @Test
  void whatever_goes_wrong_no_canary_sings() throws IOException {
    run.upstream.answer("canary-answer one two three four five six seven eight");
    for (Fault fault : Fault.values()) {
      run.upstream.fault(fault);
      for (String key : List.of("key-" + CLINIC, "platform-key")) {
        for (boolean stream : new boolean[] {true, false}) {
          heard(fault, turn(key, stream));
        }
      }
      seen.add("order: " + send(admin("/admin/circuits/" + CLINIC + "/reset")).body());
    }
    run.upstream.fault(Fault.CUT).toolCall("book", "{\"who\":\"canary-tool-argument\"}");
    heard(Fault.CUT, turn("key-" + CLINIC, true));
    heard(Fault.NONE, turn("key-" + CLINIC + "-canary-header", true));
    for (int i = 0; i < 12; i++) {
      run.upstream.fault(Fault.ERROR);
      heard(Fault.ERROR, turn("key-" + CLINIC, true));
    }
    assertThat(run.send(admin("/admin/circuits/" + PLUMBER).build()).join().status())
        .isEqualTo(200);
    await().until(() -> seen.stream().anyMatch(line -> line.contains("Circuit breaker opened")));

    for (String path :
        List.of(
            "/admin/circuits", "/admin/circuits/" + CLINIC, "/metrics", "/readyz", "/healthz")) {
      seen.add(path + ": " + run.send(admin(path).build()).join().body());
    }
    seen.add("refused: " + run.get("/admin/circuits?q=canary-query").body());
    run.gateway.close();
    rows();

    assertThat(seen).anyMatch(line -> line.startsWith("event: data:"));
    assertThat(seen).anyMatch(line -> line.startsWith("row: ") && line.contains(CLINIC));
    assertThat(seen)
        .allSatisfy(
            line -> assertThat(CANARIES).allSatisfy(c -> assertThat(line).doesNotContain(c)));
  }

  private Answer send(java.net.http.HttpRequest.Builder request) {
    return run.send(request.POST(BodyPublishers.ofString("{\"reason\":\"next\"}")).build()).join();
  }

  /** What a caller hears in place of an answer is looked at; the answer itself is theirs. */
  private void heard(Fault fault, CompletableFuture<Answer> turn) {
    await()
        .pollInterval(Duration.ofMillis(10))
        .until(
            () -> {
              if (!turn.isDone() && run.upstream.inFlight() > 0) {
                run.time.advance(Duration.ofMillis(500));
              }
              return turn.isDone();
            });
    Answer answer = turn.join();
    boolean theirs =
        "upstream".equals(answer.header("X-Fusible-Outcome")) || answer.status() == 400;
    seen.add(
        fault + " headers: " + answer.response().headers().map() + (theirs ? "" : answer.body()));
  }

  private void rows() throws IOException {
    try (Stream<Path> files = Files.list(run.folder)) {
      for (Path file : files.toList()) {
        seen.add("row: " + new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
      }
    }
  }
}
