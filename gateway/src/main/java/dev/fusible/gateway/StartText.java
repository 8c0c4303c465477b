package dev.fusible.gateway;

import dev.fusible.gateway.GatewayConfig.Business;
import dev.fusible.gateway.GatewayConfig.Server;

/** What is printed at start: where it listens, and lines to copy. ASCII, for any terminal. */
final class StartText {

  private StartText() {}

  static String of(GatewayConfig config, int port, int adminPort) {
    Server server = config.server();
    String agents = address(server.host(), port);
    String admin = address(server.adminHost(), adminPort);
    String where =
        """
        Fusible %s
          agents    %s/v1
          admin     %s/admin/circuits  /metrics  /healthz  /readyz
          circuits  %s
        """
            .formatted(Version.text(), agents, admin, Stores.shown(config.store()));
    return where + (config.isDemo() ? demo(agents, admin, server) : firstCall(config, agents));
  }

  private static String demo(String agents, String admin, Server server) {
    String token =
        server.adminToken() == null
            ? ""
            : " -H \"Authorization: Bearer $FUSIBLE_SERVER_ADMIN_TOKEN\"";
    return """

        No upstream is configured: this is the demo. Ask it, streaming and not:
          %s
          %s
        Break its upstream, ask again, and heal it:
          curl -X POST %s/demo/fault%s -d '{"kind":"hang"}'
          curl -X POST %s/demo/fault%s -d '{"kind":"none"}'
        """
        .formatted(
            ask(agents, "'Authorization: Bearer demo-clinica-sonrisa'", true, "Quiero una cita"),
            ask(agents, "'Authorization: Bearer demo-austin-plumbing'", false, "My sink leaks"),
            admin,
            token,
            admin,
            token);
  }

  private static String firstCall(GatewayConfig config, String agents) {
    Business business =
        config.businesses().values().stream()
            .filter(any -> any.apiKeySha256() != null)
            .findFirst()
            .orElse(null);
    if (business == null) {
      return "";
    }
    return """

        Ask as %s, with KEY its API key:
          %s
        """
        .formatted(business.id(), ask(agents, "\"Authorization: Bearer $KEY\"", true, "Hello"));
  }

  private static String ask(String agents, String authorization, boolean stream, String words) {
    return "curl -N "
        + agents
        + "/v1/chat/completions -H "
        + authorization
        + " -H 'Content-Type: application/json' -d '{\"model\":\"any\",\"stream\":"
        + stream
        + ",\"messages\":[{\"role\":\"user\",\"content\":\""
        + words
        + "\"}]}'";
  }

  /** As it can be reached from this machine. */
  private static String address(String host, int port) {
    String reachable = host.equals("0.0.0.0") ? "127.0.0.1" : host.equals("::") ? "::1" : host;
    return "http://" + (reachable.contains(":") ? "[" + reachable + "]" : reachable) + ":" + port;
  }
}
