package dev.fusible.gateway;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one place where the gateway logs. What it writes is an allow-list: ids, names, states, codes,
 * exception classes; never what a caller sent or an upstream answered.
 */
final class GatewayLog {

  private static final Logger LOGGER = LoggerFactory.getLogger(Gateway.class);

  /**
   * @param kind {@code businessId} or {@code upstream}
   */
  void order(String order, String kind, String name) {
    LOGGER
        .atWarn()
        .addKeyValue("event", "operator_order")
        .addKeyValue("order", order)
        .addKeyValue(kind, name)
        .log("An operator gave an order");
  }

  void upstreamRefuses(String upstream, int status) {
    LOGGER
        .atError()
        .addKeyValue("event", "upstream_refuses")
        .addKeyValue("upstream", upstream)
        .addKeyValue("status", status)
        .log(
            "The upstream refuses the configured key, address or model; callers hear the sentence");
  }

  void started(String agents, String operators) {
    LOGGER
        .atInfo()
        .addKeyValue("event", "started")
        .addKeyValue("agents", agents)
        .addKeyValue("admin", operators)
        .log("Gateway started");
  }

  void stopping() {
    LOGGER
        .atInfo()
        .addKeyValue("event", "stopping")
        .log("Gateway stops: no new calls, those under way end");
  }

  void notClosed(Exception failure) {
    LOGGER
        .atWarn()
        .addKeyValue("event", "not_closed")
        .addKeyValue("exception", failure.getClass().getName())
        .log("A part of the gateway did not close in time");
  }
}
