package dev.fusible.gateway;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * The connections of one server. Those whose first headers, or whose request's body, do not arrive
 * in time are closed, so that clients who send a byte now and then hold nothing. When the server
 * stops, those that nothing is asked on are closed at once and the others as their answers end.
 * Thread-safe.
 */
final class Connections {

  private static final long HEADERS_MILLIS = 5_000;
  private static final long BODY_MILLIS = 10_000;

  private final Vertx vertx;
  private final HttpServer server;
  private final Map<HttpConnection, Long> silent = new ConcurrentHashMap<>();
  private final Set<HttpConnection> idle = ConcurrentHashMap.newKeySet();
  private volatile boolean stopping;

  /** Puts itself between {@code server} and {@code handler}. */
  Connections(Vertx vertx, HttpServer server, Handler<HttpServerRequest> handler) {
    this.vertx = vertx;
    this.server = server;
    server
        .connectionHandler(this::connected)
        .requestHandler(
            request -> {
              arrived(request);
              handler.handle(request);
            });
  }

  private void connected(HttpConnection connection) {
    silent.put(connection, vertx.setTimer(HEADERS_MILLIS, late -> close(connection)));
    idle.add(connection);
    connection.closeHandler(
        closed -> {
          heard(connection);
          idle.remove(connection);
        });
  }

  private void arrived(HttpServerRequest request) {
    HttpConnection connection = request.connection();
    heard(connection);
    idle.remove(connection);
    long limit = vertx.setTimer(BODY_MILLIS, late -> close(connection));
    request.end().onComplete(all -> vertx.cancelTimer(limit));
    request.response().bodyEndHandler(answered -> answered(connection));
  }

  private void answered(HttpConnection connection) {
    // Added first and looked at then, so that the one who stops sees it, or we see that it stops.
    idle.add(connection);
    if (stopping && idle.remove(connection)) {
      vertx.runOnContext(sent -> close(connection));
    }
  }

  private void heard(HttpConnection connection) {
    Long limit = silent.remove(connection);
    if (limit != null) {
      vertx.cancelTimer(limit);
    }
  }

  private static void close(HttpConnection connection) {
    connection.close().onFailure(alreadyClosed -> {});
  }

  /** Takes no new connections; complete when the last answer has ended, or time is up. */
  Future<Void> stop(int seconds) {
    stopping = true;
    idle.forEach(Connections::close);
    return server.shutdown(seconds, TimeUnit.SECONDS);
  }
}
