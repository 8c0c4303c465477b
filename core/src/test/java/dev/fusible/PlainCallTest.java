package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The shortest way through a circuit: no limit, nobody who measures. */
class PlainCallTest {

  private final ManualTime time = new ManualTime();
  private final VoiceCircuitBreakers breakers =
      VoiceCircuitBreakers.builder()
          .timeSource(time)
          .eventDelivery(Runnable::run)
          .config(
              CircuitBreakerConfig.builder()
                  .timeout(Duration.ZERO)
                  .recordFailure(error -> !(error instanceof UnsupportedOperationException))
                  .recordResult(this::isBad)
                  .build())
          .build();
  private final VoiceCircuitBreaker breaker = breakers.forBusiness("clinica-sonrisa");

  private int judged;

  private boolean isBad(Object result) {
    judged++;
    return "bad".equals(result);
  }

  @AfterEach
  void close() {
    breakers.close();
  }

  private String says(String answer) {
    return breaker.execute(() -> answer, response -> response.type().name());
  }

  private String fails() {
    return breaker.execute(
        () -> {
          throw new IllegalStateException("expected in this test");
        },
        response -> response.type().name());
  }

  @Test
  void ten_failures_open_it_and_the_operation_runs_no_more() {
    for (int i = 0; i < 10; i++) {
      assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
      assertThat(fails()).isEqualTo("SYSTEM_ERROR");
    }

    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
    assertThat(says("answer")).isEqualTo("CIRCUIT_OPEN");
    assertThat(breaker.getMetrics().totalExecutions()).isEqualTo(10);
    assertThat(breaker.getMetrics().fallbacksServed()).isEqualTo(11);
  }

  @Test
  void a_success_forgives_failures_long_after_the_volume_is_reached() {
    for (int i = 0; i < 20; i++) {
      assertThat(says("answer")).isEqualTo("answer");
    }
    for (int i = 0; i < 4; i++) {
      fails();
    }
    says("answer");
    for (int i = 0; i < 4; i++) {
      fails();
    }

    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
    assertThat(breaker.snapshot().failureCount()).isEqualTo(4);
    assertThat(breaker.getMetrics().successfulExecutions()).isEqualTo(21);
    assertThat(breaker.getMetrics().failedExecutions()).isEqualTo(8);
  }

  @Test
  void the_trial_comes_when_the_wait_is_over_to_the_nanosecond() {
    for (int i = 0; i < 10; i++) {
      fails();
    }
    time.advance(Duration.ofSeconds(30).minusNanos(1));
    assertThat(says("answer")).isEqualTo("CIRCUIT_OPEN");

    time.advance(Duration.ofNanos(1));

    assertThat(says("answer")).isEqualTo("answer");
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
  }

  @Test
  void a_result_that_counts_as_a_failure_is_returned_all_the_same() {
    for (int i = 0; i < 15; i++) {
      says("answer");
    }

    assertThat(says("bad")).isEqualTo("bad");

    assertThat(judged).as("each result once").isEqualTo(16);
    assertThat(breaker.snapshot().failureCount()).isEqualTo(1);
    assertThat(breaker.getMetrics().failedExecutions()).isEqualTo(1);
  }

  @Test
  void a_failure_that_is_ignored_counts_as_neither() {
    String heard =
        breaker.execute(
            () -> {
              throw new UnsupportedOperationException("expected in this test");
            },
            response -> response.type().name());

    assertThat(heard).isEqualTo("SYSTEM_ERROR");
    assertThat(breaker.getMetrics().failedExecutions()).isZero();
    assertThat(breaker.getMetrics().totalExecutions()).isEqualTo(1);
  }

  @Test
  void a_call_under_way_has_begun_and_a_result_of_an_older_generation_is_late() {
    for (int i = 0; i < 12; i++) {
      says("answer");
    }

    String answer =
        breaker.execute(
            () -> {
              assertThat(breaker.getMetrics().totalExecutions()).isEqualTo(13);
              breaker.forceOpen("in the middle");
              breaker.reset();
              return "answer";
            },
            FallbackResponse::text);

    assertThat(answer).isEqualTo("answer");
    assertThat(breaker.getMetrics().lateResults()).isEqualTo(1);
    assertThat(breaker.getMetrics().successfulExecutions()).isEqualTo(12);
  }

  @Test
  void a_listener_that_came_during_a_call_hears_of_the_next() {
    List<CallEvent> heard = new ArrayList<>();
    CircuitBreakerListener listener =
        new CircuitBreakerListener() {
          @Override
          public void onSuccess(CallEvent event) {
            heard.add(event);
          }
        };

    breaker.execute(
        () -> {
          breaker.addListener(listener);
          return "answer";
        },
        FallbackResponse::text);
    assertThat(heard).isEmpty();
    says("answer");

    assertThat(heard).hasSize(1);
  }

  @Test
  void an_error_comes_out_and_counts() {
    assertThatThrownBy(
            () ->
                breaker.<String>execute(
                    () -> {
                      throw new AssertionError("expected in this test");
                    },
                    FallbackResponse::text))
        .isInstanceOf(AssertionError.class);

    assertThat(breaker.getMetrics().failedExecutions()).isEqualTo(1);
  }

  @Test
  void an_interrupt_comes_out_with_its_flag_and_counts_as_neither() {
    assertThatThrownBy(
            () ->
                breaker.<String>execute(
                    () -> {
                      throw new InterruptedException();
                    },
                    FallbackResponse::text))
        .isInstanceOf(CancellationException.class);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(breaker.getMetrics().failedExecutions()).isZero();
  }

  @Test
  void metrics_that_are_set_to_zero_count_sentences_from_there() {
    fails();
    breaker.resetMetrics();
    fails();

    assertThat(breaker.getMetrics().fallbacksServed()).isEqualTo(1);
    assertThat(breaker.getMetrics().failedExecutions()).isEqualTo(1);
  }
}
