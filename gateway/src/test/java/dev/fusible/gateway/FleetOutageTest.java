package dev.fusible.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.gateway.RunningGateway.Answer;
import dev.fusible.testkit.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** What an outage of the model costs thirty businesses on three gateways. */
@EnabledIfSystemProperty(
    named = "fleet",
    matches = "true",
    disabledReason =
        "three minutes with four processes that want the cores for themselves: -Dfleet=true")
class FleetOutageTest {

  private static final int BUSINESSES = 30;
  private static final Duration OUTAGE = Duration.ofSeconds(75);
  private static final Duration BETWEEN_TURNS = Duration.ofSeconds(6);

  /**
   * @param asked how often the model was asked while it hung
   * @param waited for how long callers waited in all
   */
  private record Cost(long asked, Duration waited) {}

  @Test
  void one_circuit_for_all_spares_most_of_the_hung_calls() {
    Cost alone = outage(true);
    Cost together = outage(false);

    System.err.printf(
        "the model hangs for %d s: with each business's circuit alone it is asked %d times and"
            + " callers wait %d s; with the upstream's, %d times and %d s%n",
        OUTAGE.toSeconds(),
        alone.asked,
        alone.waited.toSeconds(),
        together.asked,
        together.waited.toSeconds());
    assertThat(together.asked).isLessThan(alone.asked / 2);
    assertThat(together.waited).isLessThan(alone.waited.dividedBy(2));
  }

  private static Cost outage(boolean alone) {
    ExecutorService callers = Executors.newFixedThreadPool(BUSINESSES);
    try (Fleet fleet = new Fleet(BUSINESSES, "30s")) {
      if (alone) {
        fleet.holdUpstreamClosed();
      }
      fleet.upstream.fault(Fault.HANG);
      long before = fleet.upstream.requests();
      long end = System.nanoTime() + OUTAGE.toNanos();
      List<Future<Duration>> waits = new ArrayList<>();
      for (int i = 0; i < BUSINESSES; i++) {
        GatewayProcess gateway = fleet.gateways.get(i % fleet.gateways.size());
        String business = fleet.businesses.get(i);
        waits.add(callers.submit(() -> waitOfCaller(gateway, business, end)));
      }
      Duration waited = Duration.ZERO;
      for (Future<Duration> wait : waits) {
        waited = waited.plus(wait.get());
      }
      return new Cost(fleet.upstream.requests() - before, waited);
    } catch (InterruptedException | ExecutionException impossible) {
      throw new IllegalStateException(impossible);
    } finally {
      callers.shutdownNow();
    }
  }

  /** How long one business's caller waits for answers, turn after turn, until {@code endNanos}. */
  private static Duration waitOfCaller(GatewayProcess gateway, String business, long endNanos) {
    Duration waited = Duration.ZERO;
    while (System.nanoTime() - endNanos < 0) {
      long asked = System.nanoTime();
      Answer answer = gateway.chat(business, true).join();
      waited = waited.plusNanos(System.nanoTime() - asked);
      assertThat(answer.words()).isNotBlank();
      LockSupport.parkNanos(BETWEEN_TURNS.toNanos());
    }
    return waited;
  }
}
