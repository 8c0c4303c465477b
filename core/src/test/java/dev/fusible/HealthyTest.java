package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Circuits without a failure share their states. */
class HealthyTest {

  private final VoiceCircuitBreakers breakers =
      VoiceCircuitBreakers.builder()
          .timeSource(new ManualTime())
          .store(CircuitBreakerStore.inMemory())
          .config(CircuitBreakerConfig.builder().timeout(Duration.ZERO).build())
          .build();

  @AfterEach
  void close() {
    breakers.close();
  }

  private MachineState stateOf(String business) {
    return breakers.circuit(business).machine();
  }

  private void succeeds(String business) {
    breakers.forBusiness(business).execute(() -> "answer", FallbackResponse::text);
  }

  private void fails(String business) {
    breakers
        .forBusiness(business)
        .execute(
            () -> {
              throw new IllegalStateException("expected in this test");
            },
            FallbackResponse::text);
  }

  @Test
  void two_businesses_that_had_as_many_successes_are_in_one_state() {
    for (int i = 0; i < 20; i++) {
      succeeds("clinica-sonrisa");
      succeeds("taqueria-don-pepe");

      assertThat(stateOf("clinica-sonrisa")).isSameAs(stateOf("taqueria-don-pepe"));
      assertThat(stateOf("clinica-sonrisa").requestCount()).isEqualTo(Math.min(i + 1, 10));
    }
  }

  @Test
  void a_failure_of_one_is_none_of_the_other() {
    succeeds("clinica-sonrisa");
    succeeds("taqueria-don-pepe");

    fails("clinica-sonrisa");

    assertThat(stateOf("clinica-sonrisa").failureCount()).isEqualTo(1);
    assertThat(stateOf("taqueria-don-pepe").failureCount()).isZero();
  }

  @Test
  void a_reading_without_a_row_keeps_what_was_counted_before_it() {
    MachineState s = MachineState.INITIAL;
    for (int requests = 1; requests <= 64; requests++) {
      s = Healthy.afterSuccess(s);
      MachineState read = Healthy.read(s);

      assertThat(s.requestCount()).isEqualTo(requests);
      assertThat(s.persisted()).isNull();
      assertThat(read.requestCount()).isEqualTo(requests);
      assertThat(read.isKnown()).isTrue();
      assertThat(Healthy.read(read)).isNull();
    }
    assertThat(Healthy.afterSuccess(s)).isNull();
  }

  @Test
  void states_of_their_own_are_left_alone() {
    MachineState own = MachineState.INITIAL.counted(1, 1, null, "timeout");

    assertThat(Healthy.afterSuccess(own)).isNull();
    assertThat(Healthy.read(own)).isNull();
    assertThat(Healthy.read(MachineState.EVICTED)).isNull();
  }
}
