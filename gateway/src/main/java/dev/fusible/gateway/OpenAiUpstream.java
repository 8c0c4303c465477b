package dev.fusible.gateway;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.net.URI;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/** A server that speaks OpenAI's protocol. Thread-safe. */
final class OpenAiUpstream {

  private static final int CONNECT_MILLIS = 2_000;

  /** Shorter than servers keep an idle connection, so that none is used as it is being closed. */
  private static final int KEEP_ALIVE_SECONDS = 4;

  private static final int MOST_CONNECTIONS = 20_000;
  private static final int LARGEST_HEADERS = 64 * 1024;
  private static final long MODELS_MILLIS = 2_000;

  private final GatewayConfig.Upstream config;
  private final HttpClient client;
  private final IntConsumer onRefusal;
  private final AtomicInteger refusedWith = new AtomicInteger();

  /**
   * @param onRefusal hears the status when the upstream begins to refuse what the operator
   *     configured
   */
  OpenAiUpstream(Vertx vertx, GatewayConfig.Upstream config, IntConsumer onRefusal) {
    this.config = config;
    this.onRefusal = onRefusal;
    this.client =
        vertx.createHttpClient(
            new HttpClientOptions()
                .setConnectTimeout(CONNECT_MILLIS)
                .setKeepAliveTimeout(KEEP_ALIVE_SECONDS)
                .setMaxHeaderSize(LARGEST_HEADERS),
            new PoolOptions().setHttp1MaxSize(MOST_CONNECTIONS));
  }

  String name() {
    return config.name();
  }

  GatewayConfig.Upstream config() {
    return config;
  }

  /** The answer to {@code request}, asked for when it is subscribed to, once. */
  Flow.Publisher<Piece> answer(ChatRequest request, Context context) {
    return subscriber ->
        new UpstreamCall(
                client,
                post(),
                request.without(config.dropFields()),
                context,
                this::operatorsFault,
                subscriber)
            .start(request.streams());
  }

  private void operatorsFault(int status) {
    if (refusedWith.getAndSet(status) != status && status != 0) {
      onRefusal.accept(status);
    }
  }

  /** Passes on the upstream's own list of models. */
  void models(HttpServerResponse response) {
    client
        .request(options(HttpMethod.GET, "/models").setTimeout(MODELS_MILLIS))
        .compose(HttpClientRequest::send)
        .compose(
            answer ->
                answer.statusCode() == 200
                    ? answer.body()
                    : Future.failedFuture(new UpstreamFailure.UnexpectedStatus()))
        .timeout(MODELS_MILLIS, TimeUnit.MILLISECONDS)
        .onSuccess(
            body ->
                response
                    .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                    .end(body)
                    .onFailure(hungUp -> {}))
        .onFailure(
            failure ->
                new ApiError(502, "upstream_unavailable", "the upstream does not list its models")
                    .send(response));
  }

  /** The status with which the upstream refuses this operator's key, address or model; 0: none. */
  int refusedWith() {
    return refusedWith.get();
  }

  private RequestOptions post() {
    return options(HttpMethod.POST, "/chat/completions")
        .putHeader("Content-Type", "application/json");
  }

  private RequestOptions options(HttpMethod method, String path) {
    URI url = config.url();
    String base = url.getRawPath() == null ? "" : url.getRawPath();
    boolean tls = "https".equals(url.getScheme());
    RequestOptions options =
        new RequestOptions()
            .setMethod(method)
            .setHost(url.getHost())
            .setPort(url.getPort() >= 0 ? url.getPort() : tls ? 443 : 80)
            .setSsl(tls)
            .setURI((base.endsWith("/") ? base.substring(0, base.length() - 1) : base) + path)
            .putHeader("User-Agent", "fusible");
    GatewayConfig.Secret key = config.apiKey();
    return key == null ? options : options.putHeader("Authorization", "Bearer " + key.value());
  }
}
