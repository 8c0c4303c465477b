package dev.fusible.gateway;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusible.FallbackResponse;
import dev.fusible.FallbackResponses;
import dev.fusible.FallbackType;
import dev.fusible.TimeSource;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * A turn's answer on its way to the caller's agent. Signals come from any thread, one after the
 * other, and are brought to the connection's context in their order; all else is confined to it.
 */
abstract sealed class Reply implements Flow.Subscriber<Piece> permits StreamedReply, WholeReply {

  /** How many pieces may be on their way from the upstream. */
  private static final int ON_THE_WAY = 32;

  private final Turn turn;
  private final Context context;
  private final HttpServerResponse response;
  private final TimeSource time;
  private final Silence silence;
  private final String language;
  private Flow.@Nullable Subscription subscription;
  private boolean over;

  Reply(
      Turn turn,
      Context context,
      HttpServerResponse response,
      TimeSource time,
      Silence silence,
      String language) {
    this.turn = turn;
    this.context = context;
    this.response = response;
    this.time = time;
    this.silence = silence;
    this.language = language;
  }

  /** A piece of the upstream's. */
  abstract void piece(Piece piece);

  /** What the upstream said is complete. */
  abstract void complete();

  /** The sentence that ends the turn. */
  abstract void sentence(FallbackResponse sentence, FallbackType type);

  final Turn turn() {
    return turn;
  }

  final HttpServerResponse response() {
    return response;
  }

  final Silence silence() {
    return silence;
  }

  @Override
  public final void onSubscribe(Flow.Subscription given) {
    subscription = given;
    response.closeHandler(closed -> hungUp());
    response.exceptionHandler(broken -> hungUp());
    given.request(ON_THE_WAY);
  }

  @Override
  public final void onNext(Piece piece) {
    context.runOnContext(now -> next(piece));
  }

  @Override
  public final void onError(Throwable error) {
    context.runOnContext(now -> failed(error));
  }

  @Override
  public final void onComplete() {
    context.runOnContext(
        now -> {
          if (!over) {
            over = true;
            complete();
          }
        });
  }

  private void next(Piece piece) {
    if (over) {
      return;
    }
    if (piece instanceof Piece.Sentence last) {
      over = true;
      sentence(last.fallback().response(), last.fallback().type());
      return;
    }
    piece(piece);
    if (response.writeQueueFull()) {
      response.drainHandler(drained -> more());
    } else {
      more();
    }
  }

  private void more() {
    if (!over) {
      Objects.requireNonNull(subscription).request(1);
    }
  }

  private void failed(Throwable error) {
    if (over) {
      return;
    }
    over = true;
    if (error instanceof UpstreamRefusal.OfCaller refusal && !response.headWritten()) {
      head("upstream", null);
      response
          .setStatusCode(refusal.status())
          .putHeader(HttpHeaders.CONTENT_TYPE, "application/json");
      end(refusal.body());
    } else {
      // An Error of our own: there is still a caller on the line.
      sentence(
          FallbackResponses.builtIn().getFallbackResponse(FallbackType.SYSTEM_ERROR, language),
          FallbackType.SYSTEM_ERROR);
    }
  }

  /** The agent has gone: nobody is to be answered, and it is no failure. */
  private void hungUp() {
    if (!over) {
      over = true;
      silence.ended();
      Objects.requireNonNull(subscription).cancel();
    }
  }

  /** Puts the headers that say what the turn came to. */
  final void head(String outcome, @Nullable FallbackType fallback) {
    response
        .putHeader("X-Fusible-Outcome", outcome)
        .putHeader("X-Fusible-Circuit", turn.circuit().name());
    if (fallback != null) {
      response.putHeader("X-Fusible-Fallback", nameOf(fallback));
    }
  }

  final void end(Buffer last) {
    silence.ended();
    response.end(last).onFailure(hungUpInTheMeantime -> {});
  }

  /** The beginning of every document of ours. */
  final ObjectNode document(String object) {
    return Json.MAPPER
        .createObjectNode()
        .put("id", "fusible-" + Long.toHexString(time.nanoTime()))
        .put("object", object)
        .put("created", time.now().getEpochSecond())
        .put("model", "fusible");
  }

  static ObjectNode noUsage() {
    return Json.MAPPER
        .createObjectNode()
        .put("prompt_tokens", 0)
        .put("completion_tokens", 0)
        .put("total_tokens", 0);
  }

  static String nameOf(FallbackType type) {
    return type.name().toLowerCase(Locale.ROOT);
  }
}
