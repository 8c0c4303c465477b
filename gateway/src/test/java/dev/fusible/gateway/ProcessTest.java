package dev.fusible.gateway;

import static dev.fusible.gateway.RunningGateway.CLINIC;
import static dev.fusible.gateway.RunningGateway.PLUMBER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusible.gateway.RunningGateway.Answer;
import dev.fusible.testkit.Fault;
import dev.fusible.testkit.FaultyUpstream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes, killed and side by side, on one file. */
class ProcessTest {

  private static final Duration RECOVERY = Duration.ofSeconds(30);

  @TempDir private Path folder;
  private final FaultyUpstream upstream = FaultyUpstream.start().fault(Fault.ERROR);
  private final List<GatewayProcess> gateways = new ArrayList<>();

  @AfterEach
  void close() {
    gateways.forEach(GatewayProcess::close);
    upstream.close();
  }

  private GatewayProcess start() {
    String yaml =
        """
        store: jdbc:sqlite:%s
        breaker:
          recoveryTimeout: %ss
        upstreams:
          - name: llm
            kind: openai
            url: %s
        businesses:
          - id: %s
            name: Clínica Sonrisa
            apiKeySha256: %s
            language: es-MX
          - id: %s
            name: Austin Plumbing
            apiKeySha256: %s
            language: en-US
        """
            .formatted(
                folder.resolve("fusible.db"),
                RECOVERY.toSeconds(),
                upstream.url(),
                CLINIC,
                RunningGateway.sha256("key-" + CLINIC),
                PLUMBER,
                RunningGateway.sha256("key-" + PLUMBER));
    GatewayProcess gateway = new GatewayProcess(folder, yaml);
    gateways.add(gateway);
    return gateway;
  }

  private static void open(GatewayProcess gateway) {
    for (int i = 0; i < 10; i++) {
      gateway.chat(CLINIC, i % 2 == 0).join();
    }
    assertThat(gateway.state(CLINIC)).isEqualTo("OPEN");
  }

  private void assertOneTrial(List<GatewayProcess> through) {
    upstream.fault(Fault.NONE).resetCounters();
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> through.get(0).circuit(CLINIC).path("retryAfter").asDouble(1) == 0);
    // The upstream speaks slowly, so that all come while the trial runs.
    upstream.pace(Duration.ofMillis(300));
    List<CompletableFuture<Answer>> calls = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      calls.add(through.get(i % through.size()).chat(CLINIC, true));
    }
    List<Answer> answers = new ArrayList<>(calls.stream().map(CompletableFuture::join).toList());
    if (upstream.requests() == 0) {
      // The store took longer than the 250 ms that a caller waits for it: then the trial is the
      // next call's, of whichever gateway got it.
      through.forEach(gateway -> answers.add(gateway.chat(CLINIC, true).join()));
    }
    assertThat(answers)
        .as(() -> through.stream().map(GatewayProcess::log).toList().toString())
        .extracting(answer -> answer.header("X-Fusible-Outcome"))
        .containsOnlyOnce("upstream");
    assertThat(upstream.requests()).isEqualTo(1);
    assertThat(through)
        .allSatisfy(
            gateway ->
                await()
                    .atMost(Duration.ofSeconds(10))
                    .until(() -> gateway.state(CLINIC).equals("CLOSED")));
  }

  @Test
  void a_killed_gateway_goes_on_where_it_was_and_one_call_of_fifty_is_the_trial() {
    GatewayProcess gateway = start();
    open(gateway);
    gateway.kill();
    gateway.start();

    JsonNode circuit = gateway.circuit(CLINIC);
    assertThat(circuit.path("state").asText()).isEqualTo("OPEN");
    assertThat(circuit.path("failureCount").asInt()).isEqualTo(10);
    assertThat(circuit.path("retryAfter").asDouble()).isLessThan(RECOVERY.toSeconds());
    upstream.resetCounters();
    assertThat(gateway.chat(CLINIC, true).join().header("X-Fusible-Fallback"))
        .isEqualTo("circuit_open");
    assertThat(upstream.requests()).isZero();

    assertOneTrial(List.of(gateway));

    assertThat(gateway.circuit(PLUMBER).path("lastStateChange").isNull()).isTrue();
    assertThat(gateway.stop()).isEqualTo(143);
    assertThat(gateway.log()).contains("Gateway stops");
  }

  @Test
  void two_gateways_on_one_file_act_as_one() {
    GatewayProcess one = start();
    GatewayProcess two = start();
    two.chat(CLINIC, false).join();
    open(one);

    await().atMost(Duration.ofSeconds(8)).until(() -> two.state(CLINIC).equals("OPEN"));
    upstream.resetCounters();
    assertThat(two.chat(CLINIC, true).join().header("X-Fusible-Fallback"))
        .isEqualTo("circuit_open");
    assertThat(upstream.requests()).isZero();

    assertOneTrial(List.of(one, two));
    assertThat(two.state(PLUMBER)).isEqualTo("CLOSED");
  }
}
