package dev.fusible.gateway;

import dev.fusible.CircuitBreakerConfig;
import dev.fusible.gateway.GatewayConfig.Business;
import dev.fusible.gateway.GatewayConfig.Deadlines;
import dev.fusible.gateway.GatewayConfig.PlatformKey;
import dev.fusible.gateway.GatewayConfig.Secret;
import dev.fusible.gateway.GatewayConfig.Server;
import dev.fusible.gateway.GatewayConfig.Upstream;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Understands a configuration; whatever is wrong with it is complained of. */
final class ConfigReader {

  private static final String HOST = "127.0.0.1";
  private static final int PORT = 8080;
  private static final int ADMIN_PORT = 8081;
  private static final String STORE = "jdbc:sqlite:./data/fusible.db";
  private static final Duration FIRST_SPEECH = Duration.ofMillis(4_500);
  private static final Duration STALL = Duration.ofSeconds(3);
  private static final Duration ANSWER = Duration.ofSeconds(8);

  private static final Pattern LOOPBACK =
      Pattern.compile("localhost|127(\\.\\d{1,3}){3}|::1|(0{1,4}:){7}0{0,3}1");

  private ConfigReader() {}

  /** To be used only if there was no complaint. */
  static GatewayConfig read(Section root) {
    Server server = server(root.section("server"));
    String store = root.value("store", Values::store, STORE);
    CircuitBreakerConfig breaker = BreakerReader.read(root.section("breaker"));
    Deadlines deadlines = deadlines(root.section("deadlines"));
    if (isDemo(root)) {
      return new GatewayConfig(
          server, store, breaker, deadlines, null, Demo.businesses(), List.of());
    }
    Upstream upstream = upstream(root);
    WhoReader who = new WhoReader(root);
    Map<String, Business> businesses = who.businesses();
    List<PlatformKey> platformKeys = who.platformKeys();
    return new GatewayConfig(server, store, breaker, deadlines, upstream, businesses, platformKeys);
  }

  /** Nobody to answer and nobody to answer to: what the demo brings. */
  private static boolean isDemo(Section root) {
    return !root.has("upstreams") && !root.has("businesses") && !root.has("platformKeys");
  }

  private static Server server(Section server) {
    String host = server.value("host", Values::host, HOST);
    int port = server.value("port", Values::port, PORT);
    String adminHost = server.value("adminHost", Values::host, HOST);
    int adminPort = server.value("adminPort", Values::port, ADMIN_PORT);
    Secret adminToken = server.value("adminToken", Values::secret);
    if (port == adminPort && port != 0) {
      boolean adminWritten = server.has("adminPort");
      server.complain(
          adminWritten ? "adminPort" : "port",
          "is the same port as server." + (adminWritten ? "port" : "adminPort") + "; take another");
    }
    if (!LOOPBACK.matcher(adminHost).matches() && !server.has("adminToken")) {
      server.complain(
          "adminHost",
          "is not loopback, where operators must show a token; set server.adminToken"
              + " (FUSIBLE_SERVER_ADMIN_TOKEN), or bind to 127.0.0.1");
    }
    return new Server(host, port, adminHost, adminPort, adminToken);
  }

  private static Deadlines deadlines(Section deadlines) {
    Duration firstSpeech = deadlines.value("firstSpeech", Values::duration, FIRST_SPEECH);
    Duration stall =
        deadlines.value(
            "stall", Values::duration, STALL.compareTo(firstSpeech) < 0 ? STALL : firstSpeech);
    if (stall.compareTo(firstSpeech) > 0) {
      deadlines.complain(
          "stall", "must not be longer than deadlines.firstSpeech, the longest silence of a turn");
    }
    Duration answer = deadlines.value("answer", Values::duration, ANSWER);
    return new Deadlines(firstSpeech, stall, answer);
  }

  private static @Nullable Upstream upstream(Section root) {
    List<Section> upstreams = root.sections("upstreams");
    root.requireItem("upstreams", "write one with name, url and apiKey");
    if (upstreams.size() > 1) {
      root.complain(
          "upstreams",
          "must have exactly one item: this version has no failover yet; keep the first");
    }
    @Nullable Upstream first = null;
    for (Section section : upstreams) {
      Upstream upstream = oneUpstream(section);
      first = first == null ? upstream : first;
    }
    return first;
  }

  private static @Nullable Upstream oneUpstream(Section upstream) {
    String name = upstream.required("name", Values::id, "write what logs shall call it");
    upstream.value("kind", Values::kind);
    URI url =
        upstream.required(
            "url", Values::openAiUrl, "write its base URL, such as https://api.openai.com/v1");
    Secret apiKey = upstream.value("apiKey", Values::secret);
    List<String> models = upstream.list("models", Values::label);
    List<String> dropFields = upstream.list("dropFields", Values::label);
    return name == null || url == null ? null : new Upstream(name, url, apiKey, models, dropFields);
  }
}
