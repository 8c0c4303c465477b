package dev.fusible.gateway;

import dev.fusible.CircuitBreakerConfig;
import dev.fusible.CircuitBreakerStore;
import dev.fusible.TimeSource;
import dev.fusible.VoiceCircuitBreaker;
import dev.fusible.VoiceCircuitBreakers;
import dev.fusible.gateway.GatewayConfig.Business;
import dev.fusible.gateway.GatewayConfig.Server;
import dev.fusible.testkit.FaultyUpstream;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A running gateway: one port for agents, one for operators. Thread-safe.
 *
 * <p>Without a configured upstream it is the demo: it brings an upstream of its own that breaks on
 * demand.
 */
final class Gateway implements AutoCloseable {

  private static final int LARGEST_HEADERS = 64 * 1024;
  private static final int LONGEST_REQUEST_LINE = 8 * 1024;

  /** Longer than any silence of a turn, so that only what nobody uses is closed. */
  private static final int IDLE_SECONDS = 75;

  /** Each has a circuit of its own. */
  private static final int UPSTREAMS = 1;

  private static final int START_SECONDS = 10;
  private static final long LONGEST_LOADING_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  /** How long turns under way may take to end when the gateway stops. */
  private static final int DRAIN_SECONDS = 10;

  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private final Vertx vertx;
  private final GatewayLog log = new GatewayLog();
  private final EventFeed feed = new EventFeed();
  private final Meters meters;
  private final HttpServer agents;
  private final HttpServer operators;
  private final @Nullable FaultyUpstream demo;

  /**
   * Starts a gateway.
   *
   * @throws NotStartedException if a port or the store's file can't be had
   */
  static Gateway start(GatewayConfig config) {
    return start(config, TimeSource.system());
  }

  /** Starts a gateway whose deadlines and waits run on {@code time}. */
  static Gateway start(GatewayConfig config, TimeSource time) {
    return new Gateway(config, time);
  }

  private Gateway(GatewayConfig config, TimeSource time) {
    vertx =
        Vertx.vertx(
            new VertxOptions()
                .setUseDaemonThread(true)
                .setFileSystemOptions(
                    new FileSystemOptions()
                        .setFileCachingEnabled(false)
                        .setClassPathResolvingEnabled(false)));
    parts.push(() -> await(vertx.close(), DRAIN_SECONDS));
    try {
      PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
      meters = new Meters(registry, config.businesses().size() + UPSTREAMS);
      VoiceCircuitBreakers breakers = breakers(config, time);
      demo = config.upstream() == null ? own(FaultyUpstream.start()) : null;
      OpenAiUpstream upstream = upstream(config, time);
      AgentDoor agentDoor = new AgentDoor(config, breakers, upstream, meters, time);
      awaitRows(config, upstream, breakers);
      Server at = config.server();
      agents = server("server.port", at.host(), at.port(), agentDoor.router(vertx));
      AdminDoor adminDoor =
          new AdminDoor(
              new ListedCircuits(config, upstream.name(), breakers),
              new AdminGuard(config.server()),
              feed,
              log,
              () -> degradedBy(upstream),
              registry::scrape);
      operators =
          server("server.adminPort", at.adminHost(), at.adminPort(), adminRouter(adminDoor));
      own(feed);
      log.started(address(at.host(), port()), address(at.adminHost(), adminPort()));
    } catch (RuntimeException failed) {
      closeParts();
      throw failed;
    }
  }

  private VoiceCircuitBreakers breakers(GatewayConfig config, TimeSource time) {
    CircuitBreakerStore store = new MeteredStore(own(Stores.open(config.store())), meters, time);
    VoiceCircuitBreakers breakers =
        own(
            VoiceCircuitBreakers.builder()
                .config(countingFailures(config.breaker()))
                .store(store)
                .language(GatewayConfig.DEFAULT_LANGUAGE)
                .languageFor(of(config, Business::language))
                .phoneFor(of(config, Business::phone))
                .fallbacksFor(of(config, Business::fallbacks))
                .maxCircuits(Math.max(100_000, config.businesses().size()))
                .timeSource(time)
                .listener(meters)
                .listener(feed)
                .build());
    meters.count(
        "fusible.late.results",
        "Results that came after their attempt had lost its say",
        breakers,
        VoiceCircuitBreakers::lateResults);
    meters.count(
        "fusible.events.dropped",
        "Events that listeners were too slow for",
        breakers,
        VoiceCircuitBreakers::droppedEvents);
    config.businesses().keySet().forEach(breakers::forBusiness);
    return breakers;
  }

  /**
   * What was open before a restart is open for the first caller too. If the store does not answer
   * in time, circuits begin as CLOSED.
   */
  private static void awaitRows(
      GatewayConfig config, OpenAiUpstream upstream, VoiceCircuitBreakers breakers) {
    long startNanos = System.nanoTime();
    awaitRow(breakers.forUpstream(upstream.name()), startNanos);
    for (String id : config.businesses().keySet()) {
      awaitRow(breakers.forBusiness(id), startNanos);
    }
  }

  private static void awaitRow(VoiceCircuitBreaker breaker, long startNanos) {
    while (!breaker.isLoaded() && System.nanoTime() - startNanos < LONGEST_LOADING_NANOS) {
      LockSupport.parkNanos(LOOK_AGAIN_NANOS);
    }
  }

  /**
   * What an upstream refuses is the caller's or the operator's mistake, and no failure: neither the
   * business's circuit nor the upstream's hears of it.
   */
  private static CircuitBreakerConfig countingFailures(CircuitBreakerConfig config) {
    return config.toBuilder()
        .recordFailure(
            error -> !(error instanceof UpstreamRefusal || error instanceof CancellationException))
        .build();
  }

  private static <T> Function<String, @Nullable T> of(
      GatewayConfig config, Function<Business, @Nullable T> property) {
    return id -> {
      Business business = config.businesses().get(id);
      return business == null ? null : property.apply(business);
    };
  }

  private OpenAiUpstream upstream(GatewayConfig config, TimeSource time) {
    GatewayConfig.Upstream configured = config.upstream();
    GatewayConfig.Upstream upstream =
        configured != null
            ? configured
            : new GatewayConfig.Upstream(
                "demo", URI.create(Objects.requireNonNull(demo).url()), null, List.of(), List.of());
    return new OpenAiUpstream(
        vertx,
        upstream,
        status -> {
          log.upstreamRefuses(upstream.name(), status);
          feed.upstreamRefuses(upstream.name(), status, time.now());
        });
  }

  private List<String> degradedBy(OpenAiUpstream upstream) {
    List<String> reasons = new ArrayList<>();
    if (meters.storeIsDegraded()) {
      reasons.add("store_degraded");
    }
    if (upstream.refusedWith() != 0) {
      reasons.add("upstream_refuses:" + upstream.name() + ":" + upstream.refusedWith());
    }
    return reasons;
  }

  private Router adminRouter(AdminDoor door) {
    Router router = door.router(vertx);
    if (demo != null) {
      new DemoDoor(demo).open(router);
    }
    AdminDoor.close(router);
    return router;
  }

  private HttpServer server(String field, String host, int port, Router router) {
    HttpServer server =
        vertx.createHttpServer(
            new HttpServerOptions()
                .setHost(host)
                .setPort(port)
                .setHttp2ClearTextEnabled(false)
                .setMaxHeaderSize(LARGEST_HEADERS)
                .setMaxInitialLineLength(LONGEST_REQUEST_LINE)
                .setIdleTimeout(IDLE_SECONDS));
    Connections connections = new Connections(vertx, server, router);
    try {
      await(server.listen(), START_SECONDS);
    } catch (IllegalStateException unavailable) {
      throw NotStartedException.port(field, host, port, unavailable);
    }
    parts.push(() -> await(connections.stop(DRAIN_SECONDS), DRAIN_SECONDS + 1));
    return server;
  }

  /** Where agents connect. */
  int port() {
    return agents.actualPort();
  }

  /** Where operators connect. */
  int adminPort() {
    return operators.actualPort();
  }

  private static String address(String host, int port) {
    return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }

  private <T extends AutoCloseable> T own(T part) {
    parts.push(part);
    return part;
  }

  /**
   * Takes no new calls, lets those under way end, frees the leases held and writes what the store
   * does not know yet. Bounded in time; closing again does nothing.
   */
  @Override
  public void close() {
    log.stopping();
    closeParts();
  }

  private synchronized void closeParts() {
    while (!parts.isEmpty()) {
      try {
        parts.pop().close();
      } catch (Exception unfinished) {
        log.notClosed(unfinished);
      }
    }
  }

  private static <T> T await(Future<T> future, int seconds) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(seconds, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException failed) {
      throw new IllegalStateException("the gateway could not start or stop", failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", interrupted);
    }
  }
}
