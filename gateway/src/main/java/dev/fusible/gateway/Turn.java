package dev.fusible.gateway;

import dev.fusible.CircuitBreakerState;
import dev.fusible.StreamOptions;
import dev.fusible.VoiceCircuitBreaker;
import io.vertx.core.Context;
import org.jspecify.annotations.Nullable;

/**
 * One thing the caller said, guarded: it is admitted by the business's circuit and the upstream's,
 * answered by the upstream, and ends in time.
 */
final class Turn {

  /** Progress is at least so many words in so much time; less is a stall. */
  private static final int WORDS = 6;

  private final VoiceCircuitBreaker breaker;
  private final OpenAiUpstream upstream;
  private final ChatRequest request;
  private final Deadlines deadlines;
  private final Context context;
  private volatile @Nullable CircuitBreakerState admittedIn;

  Turn(
      VoiceCircuitBreaker breaker,
      OpenAiUpstream upstream,
      ChatRequest request,
      Deadlines deadlines,
      Context context) {
    this.breaker = breaker;
    this.upstream = upstream;
    this.request = request;
    this.deadlines = deadlines;
    this.context = context;
  }

  ChatRequest request() {
    return request;
  }

  /** The state of the business's circuit when the turn was admitted or turned away. */
  CircuitBreakerState circuit() {
    CircuitBreakerState admitted = admittedIn;
    return admitted != null ? admitted : breaker.state();
  }

  /** Answers to {@code reply}, whatever happens. */
  void answer(Reply reply) {
    breaker
        .<Piece>executeStream(
            () -> {
              admittedIn = breaker.state();
              return upstream.answer(request, context);
            },
            options())
        .subscribe(reply);
  }

  private StreamOptions<Piece> options() {
    StreamOptions.Builder<Piece> options =
        StreamOptions.<Piece>builder(Piece.Sentence::new)
            .speakable(Piece::speakable)
            .passOn(error -> error instanceof UpstreamRefusal.OfCaller)
            .firstItem(deadlines.firstSpeech());
    return request.streams()
        ? options.stall(deadlines.stall()).pace(Piece::words, WORDS, Deadlines.PACE).build()
        : options.total(deadlines.firstSpeech()).build();
  }
}
