package dev.fusible.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FaultyUpstreamModelsTest {

  private FaultyUpstream upstream;

  @BeforeEach
  void start() {
    upstream = FaultyUpstream.start();
  }

  @AfterEach
  void stop() {
    upstream.close();
  }

  @ParameterizedTest
  @CsvSource({"ERROR, 500", "UNAUTHORIZED, 401", "HTML, 200", "REFUSE, 0", "CUT, 200"})
  void aBrokenServerBreaksItsModelsToo(Fault fault, int status) {
    upstream.fault(fault);

    Call call = Call.get(upstream.url() + "/models");

    await().until(call::isDone);
    assertThat(call.status()).isEqualTo(status);
    assertThat(upstream.requests()).isZero();
  }

  @Test
  void hangsItsModelsToo() {
    upstream.fault(Fault.HANG);

    Call call = Call.get(upstream.url() + "/models");
    Call.of(upstream, false);

    await().until(() -> upstream.inFlight() == 1);
    assertThat(call.isDone()).isFalse();
  }
}
