package dev.fusible.gateway;

import dev.fusible.gateway.UpstreamFailure.AnswerTooLong;
import dev.fusible.gateway.UpstreamFailure.CutAnswer;
import dev.fusible.gateway.UpstreamFailure.NotAnAnswer;
import dev.fusible.gateway.UpstreamFailure.RateLimited;
import dev.fusible.gateway.UpstreamFailure.ServerError;
import dev.fusible.gateway.UpstreamFailure.UnexpectedStatus;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.parsetools.RecordParser;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Flow;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One request to an upstream, as a stream of pieces with back-pressure. All of it runs on one
 * context; signals that come from elsewhere are brought there first, so no field is shared.
 */
final class UpstreamCall implements Flow.Subscription {

  private static final int LARGEST_ANSWER = 8 * 1024 * 1024;
  private static final int LONGEST_LINE = 1024 * 1024;
  private static final int MOST_READY = 64;

  /** How long an upstream may keep the connection of an answer that is complete. */
  private static final long LINGER_MILLIS = 1_000;

  private final HttpClient client;
  private final RequestOptions options;
  private final Buffer body;
  private final Context context;
  private final IntConsumer operatorsFault;
  private final Flow.Subscriber<? super Piece> subscriber;
  private final Queue<Piece> ready = new ArrayDeque<>();
  private long demand;
  private long received;
  private boolean over;
  private boolean complete;
  private boolean ended;
  private @Nullable HttpClientRequest request;
  private @Nullable HttpClientResponse response;

  /**
   * @param operatorsFault hears 0 when an answer begins, and the status when the upstream refuses
   *     what the operator configured
   */
  UpstreamCall(
      HttpClient client,
      RequestOptions options,
      Buffer body,
      Context context,
      IntConsumer operatorsFault,
      Flow.Subscriber<? super Piece> subscriber) {
    this.client = client;
    this.options = options;
    this.body = body;
    this.context = context;
    this.operatorsFault = operatorsFault;
    this.subscriber = subscriber;
  }

  void start(boolean streams) {
    subscriber.onSubscribe(this);
    context.runOnContext(now -> send(streams));
  }

  @Override
  public void request(long n) {
    context.runOnContext(
        now -> {
          demand = demand + n < 0 ? Long.MAX_VALUE : demand + n;
          drain();
        });
  }

  @Override
  public void cancel() {
    context.runOnContext(
        now -> {
          over = true;
          abandon();
        });
  }

  private void send(boolean streams) {
    if (over) {
      return;
    }
    client
        .request(options)
        .compose(
            connected -> {
              request = connected;
              if (over) {
                abandon();
              }
              return connected.send(body);
            })
        .onSuccess(answer -> answered(answer, streams))
        .onFailure(this::fail);
  }

  private void answered(HttpClientResponse answer, boolean streams) {
    if (over) {
      abandon();
      return;
    }
    response = answer;
    answer.exceptionHandler(broken -> fail(new CutAnswer()));
    String type = answer.getHeader(HttpHeaders.CONTENT_TYPE);
    if (answer.statusCode() != 200) {
      collect(answer, whole -> fail(refusal(answer.statusCode(), whole)));
      return;
    }
    operatorsFault.accept(0);
    if (!streams) {
      collect(
          answer,
          whole -> {
            ready.add(WholeReader.read(whole));
            complete = true;
            drain();
          });
    } else if (type != null && type.startsWith("text/event-stream")) {
      read(answer);
    } else {
      fail(new NotAnAnswer());
    }
  }

  private RuntimeException refusal(int status, Buffer whole) {
    return switch (status) {
      case 400, 413, 422 -> new UpstreamRefusal.OfCaller(status, whole);
      case 401, 402, 403, 404 -> {
        operatorsFault.accept(status);
        yield new UpstreamRefusal.OfOperator(status);
      }
      case 429 -> new RateLimited();
      default -> status >= 500 ? new ServerError() : new UnexpectedStatus();
    };
  }

  private interface Reading {
    void of(Buffer whole);
  }

  private void collect(HttpClientResponse answer, Reading reading) {
    Buffer whole = Buffer.buffer();
    answer.handler(
        bytes -> {
          if (counted(bytes)) {
            whole.appendBuffer(bytes);
          }
        });
    whenEnded(answer, () -> reading.of(whole));
  }

  private void read(HttpClientResponse answer) {
    ChunkReader reader = new ChunkReader(ready::add);
    RecordParser lines = RecordParser.newDelimited("\n").maxRecordSize(LONGEST_LINE);
    lines.exceptionHandler(tooLong -> fail(new AnswerTooLong()));
    lines.handler(line -> guarded(() -> reader.line(withoutReturn(line))));
    answer.handler(
        bytes -> {
          if (counted(bytes)) {
            lines.handle(bytes);
            complete = reader.isDone();
            drain();
          }
        });
    whenEnded(
        answer,
        () -> {
          reader.end();
          complete = true;
          drain();
        });
  }

  private void whenEnded(HttpClientResponse answer, Runnable step) {
    answer.endHandler(
        end -> {
          ended = true;
          guarded(step);
        });
  }

  private static String withoutReturn(Buffer line) {
    int length = line.length();
    int end = length > 0 && line.getByte(length - 1) == '\r' ? length - 1 : length;
    return line.getString(0, end, StandardCharsets.UTF_8.name());
  }

  private boolean counted(Buffer bytes) {
    if (over) {
      return false;
    }
    received += bytes.length();
    if (received > LARGEST_ANSWER) {
      fail(new AnswerTooLong());
      return false;
    }
    return true;
  }

  private void guarded(Runnable step) {
    if (over) {
      return;
    }
    try {
      step.run();
    } catch (UpstreamFailure failure) {
      fail(failure);
    }
  }

  /** Gives what is asked for; upstream waits while more is ready than anybody wants. */
  private void drain() {
    while (!over && demand > 0 && !ready.isEmpty()) {
      demand--;
      subscriber.onNext(ready.remove());
    }
    HttpClientResponse answer = response;
    if (over || answer == null) {
      return;
    }
    if (complete && ready.isEmpty()) {
      over = true;
      answer.resume();
      if (!ended) {
        context.owner().setTimer(LINGER_MILLIS, later -> abandonUnlessEnded());
      }
      subscriber.onComplete();
    } else if (ready.size() > MOST_READY) {
      answer.pause();
    } else {
      answer.resume();
    }
  }

  private void fail(Throwable thrown) {
    if (over) {
      return;
    }
    // What was read before it broke is the caller's to hear.
    while (demand > 0 && !ready.isEmpty() && !over) {
      demand--;
      subscriber.onNext(ready.remove());
    }
    if (over) {
      return;
    }
    over = true;
    abandon();
    subscriber.onError(thrown instanceof UpstreamRefusal ? thrown : UpstreamFailure.of(thrown));
  }

  private void abandonUnlessEnded() {
    if (!ended) {
      abandon();
    }
  }

  /** Ends the request at the upstream too: nobody waits for it any more. */
  private void abandon() {
    HttpClientRequest sent = request;
    if (sent != null) {
      sent.reset().onFailure(alreadyOver -> {});
    }
  }
}
