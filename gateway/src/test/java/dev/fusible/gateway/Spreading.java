package dev.fusible.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** How long it takes until what opened in one gateway is refused by the others. */
final class Spreading {

  private static final int FAILURES = 10;

  private Spreading() {}

  /**
   * Opens the circuits one after the other in the first gateway.
   *
   * @return seconds from the tenth failing call to the first refusal in each of the other gateways,
   *     in order
   */
  static List<Double> measure(Fleet fleet, List<String> businesses) {
    List<Double> seconds = new ArrayList<>();
    for (String business : businesses) {
      for (int i = 1; i < FAILURES; i++) {
        fleet.gateway(0).chat(business, false).join();
      }
      final long begun = System.nanoTime();
      fleet.gateway(0).chat(business, false).join();
      assertThat(fleet.gateway(0).state(business)).isNotEqualTo("CLOSED");
      List<GatewayProcess> others =
          new ArrayList<>(fleet.gateways.subList(1, fleet.gateways.size()));
      await()
          .atMost(Duration.ofSeconds(10))
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(2))
          .until(
              () -> {
                others.removeIf(
                    other -> {
                      boolean knows = !other.state(business).equals("CLOSED");
                      if (knows) {
                        seconds.add((System.nanoTime() - begun) / 1e9);
                      }
                      return knows;
                    });
                return others.isEmpty();
              });
    }
    seconds.sort(null);
    return seconds;
  }

  static String words(List<Double> sorted) {
    return String.format(
        "median %.3f s, latest %.3f s of %d",
        sorted.get(sorted.size() / 2), sorted.get(sorted.size() - 1), sorted.size());
  }
}
