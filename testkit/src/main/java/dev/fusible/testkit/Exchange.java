package dev.fusible.testkit;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One request and what becomes of its response. Confined to the request's event loop.
 *
 * <p>It is over once, by whatever comes first: the answer's last byte, our own close, or the
 * client's. Only the last of these counts as cancelled. Nothing is written to it afterwards.
 */
final class Exchange {

  /** Hears once how an exchange ended. */
  interface Ending {
    void ended(boolean cancelledByClient);
  }

  private static final Duration BETWEEN_KEEP_ALIVES = Duration.ofMillis(250);
  private static final int WORDS_BEFORE_CUT = 2;
  private static final int WORDS_BEFORE_STALL = 5;

  private final Vertx vertx;
  private final HttpServerRequest request;
  private final HttpServerResponse response;
  private final Ending ending;
  private boolean over;

  Exchange(Vertx vertx, HttpServerRequest request, Ending ending) {
    this.vertx = vertx;
    this.request = request;
    this.response = request.response();
    this.ending = ending;
    response.closeHandler(closed -> finish(true));
    response.exceptionHandler(failure -> finish(true));
  }

  private void finish(boolean cancelledByClient) {
    if (!over) {
      over = true;
      ending.ended(cancelledByClient);
    }
  }

  // Single answers.

  void json(int status, String body) {
    whole(status, "application/json", body);
  }

  void error(int status, String type, @Nullable String code) {
    json(status, errorBody(type, code));
  }

  void rateLimited(Duration retryAfter) {
    response.putHeader(HttpHeaders.RETRY_AFTER, Long.toString(retryAfter.toSeconds()));
    error(429, "rate_limit_error", "rate_limit_exceeded");
  }

  void html() {
    whole(200, "text/html", "<!doctype html><html><body><h1>Welcome</h1></body></html>");
  }

  static String errorBody(String type, @Nullable String code) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.putObject("error")
        .put("message", "The upstream was told to answer so.")
        .put("type", type)
        .putNull("param")
        .put("code", code);
    return body.toString();
  }

  private void whole(int status, String contentType, String body) {
    if (over) {
      return;
    }
    response
        .setStatusCode(status)
        .putHeader(HttpHeaders.CONTENT_TYPE, contentType)
        .end(body)
        .onComplete(sent -> finish(sent.failed()));
  }

  /** Closes the connection, which is no doing of the client's. */
  void cut() {
    finish(false);
    request.connection().close().onFailure(alreadyClosed -> {});
  }

  // Answers to a chat completion.

  void answer(ChatAnswer answer, Behaviour behaviour) {
    switch (behaviour.fault()) {
      case NONE -> inPieces(answer, behaviour.pace());
      case DRIP -> inPieces(answer, behaviour.dripEvery());
      case SLOW -> slow(answer, behaviour);
      case CUT -> partly(answer, behaviour.pace(), WORDS_BEFORE_CUT, this::cut);
      case STALL -> partly(answer, behaviour.pace(), WORDS_BEFORE_STALL, () -> {});
      case KEEP_ALIVE -> keepAlive(answer);
      case HUGE -> endless(answer, hugeBeginning(answer), () -> huge(answer));
      case LONG_LINE -> endless(answer, lineBeginning(answer), () -> "x".repeat(16_384));
      case ERROR_IN_200 -> errorIn200(answer);
      case ERROR -> error(500, "server_error", null);
      case RATE_LIMIT -> rateLimited(behaviour.retryAfter());
      case UNAUTHORIZED -> error(401, "invalid_request_error", "invalid_api_key");
      case BAD_REQUEST -> error(400, "invalid_request_error", null);
      case CONTENT_FILTER -> error(400, "invalid_request_error", "content_filter");
      case UNKNOWN_MODEL -> error(404, "invalid_request_error", "model_not_found");
      case HTML -> html();
      case REFUSE -> cut();
      case HANG -> {
        // Only the client's patience ends this one.
      }
    }
  }

  private void inPieces(ChatAnswer answer, Duration pace) {
    if (answer.isStreamed()) {
      List<String> pieces = new ArrayList<>(answer.contentEvents());
      pieces.set(0, answer.roleEvent() + pieces.get(0));
      startStream();
      play(pieces, pace, () -> endStream(answer));
    } else if (pace.isZero()) {
      json(200, answer.body());
    } else {
      startChunked("application/json");
      play(parts(answer.body(), answer.contentEvents().size()), pace, this::end);
    }
  }

  private void slow(ChatAnswer answer, Behaviour behaviour) {
    if (answer.isStreamed()) {
      startStream();
      write(answer.roleEvent());
      after(
          behaviour.slowBy(),
          () -> play(answer.contentEvents(), behaviour.pace(), () -> endStream(answer)));
    } else {
      after(behaviour.slowBy(), () -> json(200, answer.body()));
    }
  }

  private void partly(ChatAnswer answer, Duration pace, int words, Runnable then) {
    if (answer.isStreamed()) {
      List<String> pieces = answer.contentEvents();
      startStream();
      write(answer.roleEvent());
      play(pieces.subList(0, Math.min(words, pieces.size())), pace, then);
    } else {
      String body = answer.body();
      int bytes = body.getBytes(StandardCharsets.UTF_8).length;
      response
          .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
          .putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(bytes));
      play(List.of(body.substring(0, body.length() / 2)), Duration.ZERO, then);
    }
  }

  private void keepAlive(ChatAnswer answer) {
    List<String> nothings;
    if (answer.isStreamed()) {
      startStream();
      nothings =
          List.of(
              answer.roleEvent(),
              ": keep-alive\n\n",
              answer.emptyEvent(),
              answer.contentEvent(""),
              answer.contentEvent(" \n"),
              "\n");
    } else {
      startChunked("application/json");
      nothings = List.of("\n", " ");
    }
    playAgainAndAgain(nothings);
  }

  private void playAgainAndAgain(List<String> pieces) {
    play(
        pieces,
        BETWEEN_KEEP_ALIVES,
        () -> after(BETWEEN_KEEP_ALIVES, () -> playAgainAndAgain(pieces)));
  }

  private void errorIn200(ChatAnswer answer) {
    String body = errorBody("server_error", "internal_error");
    if (answer.isStreamed()) {
      startStream();
      write(ChatAnswer.event(body));
      end();
    } else {
      json(200, body);
    }
  }

  private static String hugeBeginning(ChatAnswer answer) {
    return answer.isStreamed() ? answer.roleEvent() : lineBeginning(answer);
  }

  private static String huge(ChatAnswer answer) {
    String words = "and so on ".repeat(400);
    return answer.isStreamed() ? answer.contentEvent(words) : words;
  }

  private static String lineBeginning(ChatAnswer answer) {
    return (answer.isStreamed() ? "data: " : "")
        + "{\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":{\"content\":\"";
  }

  private void endless(ChatAnswer answer, String beginning, Supplier<String> more) {
    if (answer.isStreamed()) {
      startStream();
    } else {
      startChunked("application/json");
    }
    write(beginning);
    writeForEver(more.get());
  }

  /**
   * The next piece goes when the last one went, by way of the event loop, so that a close is heard
   * in between.
   */
  private void writeForEver(String piece) {
    if (!over) {
      response
          .write(piece)
          .onSuccess(written -> vertx.runOnContext(next -> writeForEver(piece)))
          .onFailure(failure -> finish(true));
    }
  }

  // Pieces over time.

  private void startStream() {
    response.putHeader(HttpHeaders.CACHE_CONTROL, "no-cache");
    startChunked("text/event-stream");
  }

  private void startChunked(String contentType) {
    response.setChunked(true).putHeader(HttpHeaders.CONTENT_TYPE, contentType);
  }

  private void endStream(ChatAnswer answer) {
    answer.lastEvents().forEach(this::write);
    end();
  }

  private void end() {
    if (!over) {
      response.end().onComplete(sent -> finish(sent.failed()));
    }
  }

  /**
   * Writes the pieces with {@code gap} between them; {@code then} comes when the last one has left.
   */
  private void play(List<String> pieces, Duration gap, Runnable then) {
    int written = 0;
    while (written < pieces.size() - 1 && gap.isZero()) {
      write(pieces.get(written++));
    }
    if (over || pieces.isEmpty()) {
      return;
    }
    List<String> rest = pieces.subList(written + 1, pieces.size());
    response
        .write(pieces.get(written))
        .onSuccess(
            left -> {
              if (rest.isEmpty()) {
                then.run();
              } else {
                after(gap, () -> play(rest, gap, then));
              }
            })
        .onFailure(failure -> finish(true));
  }

  private void write(String piece) {
    if (!over) {
      response.write(piece).onFailure(failure -> finish(true));
    }
  }

  private void after(Duration wait, Runnable action) {
    Runnable unlessOver =
        () -> {
          if (!over) {
            action.run();
          }
        };
    if (wait.toMillis() < 1) {
      vertx.runOnContext(now -> unlessOver.run());
    } else {
      vertx.setTimer(wait.toMillis(), timer -> unlessOver.run());
    }
  }

  private static List<String> parts(String body, int count) {
    List<String> parts = new ArrayList<>();
    int size = Math.max(1, (body.length() + count - 1) / count);
    for (int from = 0; from < body.length(); from += size) {
      parts.add(body.substring(from, Math.min(body.length(), from + size)));
    }
    return parts;
  }
}
