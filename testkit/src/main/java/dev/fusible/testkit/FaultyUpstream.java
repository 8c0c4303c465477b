package dev.fusible.testkit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * An OpenAI-compatible server on loopback that breaks on demand, for tests and demonstrations.
 * Thread-safe.
 *
 * <p>It serves {@code POST /v1/chat/completions}, streaming and not, and {@code GET /v1/models}. As
 * long as nothing is set it answers at once with a receptionist's short sentence, in Spanish or
 * English after the last user message, under the name of the model that was asked for. A setting
 * holds for the requests that arrive after it; those under way keep what they began with. The
 * counters are of chat completions only, so that a probe of the models does not disturb them.
 *
 * <pre>{@code
 * try (FaultyUpstream upstream = FaultyUpstream.start()) {
 *   upstream.fault(Fault.HANG);
 *   // ... point an agent to upstream.url()
 * }
 * }</pre>
 */
public final class FaultyUpstream implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int START_OR_STOP_SECONDS = 10;

  private final Vertx vertx;
  private int port;

  private Fault fault = Fault.NONE;
  private @Nullable Fault faultOnce;
  private @Nullable String answer;
  private @Nullable String model;
  private @Nullable ToolCall toolCall;
  private Duration pace = Duration.ZERO;
  private Duration slowBy = Duration.ofSeconds(6);
  private Duration dripEvery = Duration.ofMillis(2500);
  private Duration retryAfter = Duration.ofSeconds(20);

  private int requests;
  private int cancelled;
  private int inFlight;
  private boolean closing;
  private @Nullable String lastRequestBody;
  private Map<String, String> lastHeaders = Map.of();

  private FaultyUpstream(Vertx vertx) {
    this.vertx = vertx;
  }

  /** Starts on a free port of 127.0.0.1. */
  public static FaultyUpstream start() {
    return start(0);
  }

  /**
   * Starts on a port of 127.0.0.1; 0 takes a free one.
   *
   * @throws IllegalStateException if the port can't be had
   */
  public static FaultyUpstream start(int port) {
    Vertx vertx =
        Vertx.vertx(
            new VertxOptions()
                .setEventLoopPoolSize(1)
                .setWorkerPoolSize(1)
                .setInternalBlockingPoolSize(1)
                .setUseDaemonThread(true)
                .setFileSystemOptions(
                    new FileSystemOptions()
                        .setFileCachingEnabled(false)
                        .setClassPathResolvingEnabled(false)));
    FaultyUpstream upstream = new FaultyUpstream(vertx);
    HttpServer server =
        vertx
            .createHttpServer(
                new HttpServerOptions().setHost("127.0.0.1").setHttp2ClearTextEnabled(false))
            .requestHandler(upstream::serve);
    try {
      upstream.port = await(server.listen(port)).actualPort();
    } catch (IllegalStateException portTaken) {
      upstream.close();
      throw portTaken;
    }
    return upstream;
  }

  /** The base URL that an OpenAI client takes: {@code http://127.0.0.1:PORT/v1}. */
  public String url() {
    return "http://127.0.0.1:" + port + "/v1";
  }

  /** The port it listens on. */
  public int port() {
    return port;
  }

  // Settings.

  /** How it misbehaves from now on; {@link Fault#NONE} heals it. */
  public synchronized FaultyUpstream fault(Fault fault) {
    this.fault = fault;
    this.faultOnce = null;
    return this;
  }

  /** How it misbehaves for the next chat completion only. */
  public synchronized FaultyUpstream faultOnce(Fault fault) {
    this.faultOnce = fault;
    return this;
  }

  /** What it says, in place of the receptionist's sentence and of a scripted tool call. */
  public synchronized FaultyUpstream answer(String answer) {
    if (answer.isEmpty()) {
      throw new IllegalArgumentException("answer is empty");
    }
    this.answer = answer;
    this.toolCall = null;
    return this;
  }

  /** The model that its answers name; the one that was asked for unless set. */
  public synchronized FaultyUpstream model(String model) {
    this.model = model;
    return this;
  }

  /**
   * Answers with a call of this tool, its arguments in several deltas when streamed. A request
   * whose last message is a tool's result gets the words instead.
   */
  public synchronized FaultyUpstream toolCall(String name, String jsonArguments) {
    this.toolCall = new ToolCall(name, jsonArguments);
    return this;
  }

  /** The time between two words of a healthy answer; zero unless set. */
  public synchronized FaultyUpstream pace(Duration pace) {
    this.pace = pace;
    return this;
  }

  /** The time before the first content under {@link Fault#SLOW}; 6 s unless set. */
  public synchronized FaultyUpstream slowBy(Duration slowBy) {
    this.slowBy = slowBy;
    return this;
  }

  /** The time between two words under {@link Fault#DRIP}; 2.5 s unless set. */
  public synchronized FaultyUpstream dripEvery(Duration dripEvery) {
    this.dripEvery = dripEvery;
    return this;
  }

  /** What {@link Fault#RATE_LIMIT} asks for, in whole seconds; 20 s unless set. */
  public synchronized FaultyUpstream retryAfter(Duration retryAfter) {
    this.retryAfter = retryAfter;
    return this;
  }

  // Counters.

  /** Chat completions received. */
  public synchronized int requests() {
    return requests;
  }

  /** Chat completions whose client closed the connection before the answer was complete. */
  public synchronized int cancelled() {
    return cancelled;
  }

  /** Chat completions that have neither been answered nor closed. */
  public synchronized int inFlight() {
    return inFlight;
  }

  /** The body of the last chat completion; {@code null} if there was none. */
  public synchronized @Nullable String lastRequestBody() {
    return lastRequestBody;
  }

  /** The Authorization header of the last chat completion; {@code null} if it had none. */
  public synchronized @Nullable String lastAuthorization() {
    return lastHeaders.get("authorization");
  }

  /** The headers of the last chat completion, whatever the case of the name asked for. */
  public synchronized Map<String, String> lastHeaders() {
    return lastHeaders;
  }

  /**
   * Sets {@link #requests} and {@link #cancelled} to 0 and forgets the last request; what is in
   * flight stays counted.
   */
  public synchronized void resetCounters() {
    requests = 0;
    cancelled = 0;
    lastRequestBody = null;
    lastHeaders = Map.of();
  }

  /** Closes the port and all connections, which counts nothing as cancelled. */
  @Override
  public void close() {
    synchronized (this) {
      closing = true;
    }
    await(vertx.close());
  }

  // Serving.

  private void serve(HttpServerRequest request) {
    boolean chat = request.path().equals("/v1/chat/completions");
    if (chat && request.method().equals(HttpMethod.POST)) {
      request.body().onSuccess(body -> chat(request, body.toString()));
    } else if (request.path().equals("/v1/models") && request.method().equals(HttpMethod.GET)) {
      models(new Exchange(vertx, request, cancelledByClient -> {}));
    } else {
      new Exchange(vertx, request, cancelledByClient -> {})
          .error(chat ? 405 : 404, "invalid_request_error", null);
    }
  }

  private void chat(HttpServerRequest request, String body) {
    Exchange exchange = new Exchange(vertx, request, this::ended);
    Behaviour behaviour = received(request, body);
    JsonNode json = parsed(body);
    if (json.isObject()) {
      exchange.answer(new ChatAnswer(json, behaviour), behaviour);
    } else {
      exchange.error(400, "invalid_request_error", null);
    }
  }

  private static JsonNode parsed(String body) {
    try {
      return JSON.readTree(body);
    } catch (JsonProcessingException notJson) {
      return MissingNode.getInstance();
    }
  }

  private synchronized Behaviour received(HttpServerRequest request, String body) {
    requests++;
    inFlight++;
    lastRequestBody = body;
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    request.headers().forEach(header -> headers.put(header.getKey(), header.getValue()));
    lastHeaders = Collections.unmodifiableMap(headers);
    Behaviour behaviour = behaviour(faultOnce != null ? faultOnce : fault);
    faultOnce = null;
    return behaviour;
  }

  private Behaviour behaviour(Fault now) {
    return new Behaviour(now, answer, model, toolCall, pace, slowBy, dripEvery, retryAfter);
  }

  private synchronized void ended(boolean cancelledByClient) {
    inFlight--;
    if (cancelledByClient && !closing) {
      cancelled++;
    }
  }

  /**
   * What breaks a server as a whole breaks its list of models too; what is about an answer does
   * not.
   */
  private void models(Exchange exchange) {
    Fault now;
    String name;
    synchronized (this) {
      now = fault;
      name = model != null ? model : ChatAnswer.DEFAULT_MODEL;
    }
    switch (now) {
      case HANG -> {
        // As for a chat completion.
      }
      case ERROR -> exchange.error(500, "server_error", null);
      case UNAUTHORIZED -> exchange.error(401, "invalid_request_error", "invalid_api_key");
      case HTML -> exchange.html();
      case REFUSE -> exchange.cut();
      default -> {
        ObjectNode list = JSON.createObjectNode().put("object", "list");
        list.putArray("data")
            .addObject()
            .put("id", name)
            .put("object", "model")
            .put("created", 1_767_225_600L)
            .put("owned_by", "fusible");
        exchange.json(200, list.toString());
      }
    }
  }

  private static <T> T await(Future<T> future) {
    try {
      return future
          .toCompletionStage()
          .toCompletableFuture()
          .get(START_OR_STOP_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException failure) {
      throw new IllegalStateException("FaultyUpstream could not start or stop", failure);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("FaultyUpstream was interrupted", interrupted);
    }
  }
}
