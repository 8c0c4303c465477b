package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A stream under a circuit that is open, or tries whether it may close. */
class StreamTrialTest extends StreamScenario {

  @Test
  void an_open_circuit_answers_at_once_and_starts_nothing() {
    open();

    listen();

    assertHeard("CIRCUIT_OPEN");
    assertThat(upstream.isSubscribed()).isFalse();
  }

  @Test
  void an_open_circuits_item_waits_for_demand() {
    open();

    Hearer slow = listen(options(), new Hearer(0));

    assertThat(slow.hasEnded()).isFalse();
    slow.subscription.request(1);
    assertThat(slow.heard).containsExactly("CIRCUIT_OPEN");
    assertThat(slow.ends).containsExactly("complete");
  }

  @Test
  void a_trial_that_completes_closes_the_circuit() {
    becomeReadyForATrial();
    listen();
    upstream.send("One");
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.HALF_OPEN);

    upstream.complete();

    assertHeard("One");
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
  }

  @Test
  void a_trial_that_is_cut_or_stalls_opens_it_again() {
    becomeReadyForATrial();
    listen();
    upstream.send("One");

    time.advance(STALL);

    assertHeard("One", "TIMEOUT");
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
  }

  @Test
  void a_trials_subscriber_that_cancels_frees_the_trial() {
    becomeReadyForATrial();
    listen();

    hearer.subscription.cancel();

    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.HALF_OPEN);
    ManualStream<String> next = new ManualStream<>();
    Hearer other = Hearer.ofAll();
    breaker.executeStream(() -> next, options().build()).subscribe(other);
    next.complete();
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
  }

  @Test
  void a_trials_subscriber_hears_the_sentence_after_three_seconds_and_the_trial_goes_on() {
    becomeReadyForATrial();
    listen();
    time.advance(Duration.ofSeconds(3).minusNanos(1));
    assertThat(hearer.hasEnded()).isFalse();

    time.advance(Duration.ofNanos(1));

    assertHeard("TIMEOUT");
    assertThat(upstream.isCancelled()).isFalse();
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.HALF_OPEN);
    upstream.complete();
  }

  @Test
  void the_first_thing_that_a_trial_says_to_nobody_proves_it() {
    becomeReadyForATrial();
    listen();
    time.advance(Duration.ofSeconds(3));
    upstream.send(" ");
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.HALF_OPEN);

    time.advance(Duration.ofSeconds(3));
    upstream.send("Good");

    assertHeard("TIMEOUT");
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
    assertThat(upstream.isCancelled()).isTrue();
    assertCounted(1, 10, 0);
  }

  @Test
  void a_detached_trial_is_consumed_however_little_its_subscriber_asked_for() {
    becomeReadyForATrial();
    Hearer one = listen(options(), new Hearer(1));

    time.advance(Duration.ofSeconds(3));

    assertThat(one.heard).containsExactly("TIMEOUT");
    assertThat(upstream.requests).containsExactly(1L, Long.MAX_VALUE);
    upstream.send(" ");
    upstream.send(" ");
    upstream.complete();
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
  }

  @Test
  void a_detached_trial_that_fails_opens_the_circuit_and_is_told_to_nobody() {
    becomeReadyForATrial();
    listen();
    time.advance(Duration.ofSeconds(3));

    upstream.fail(new IllegalStateException());

    assertHeard("TIMEOUT");
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
    assertThat(breaker.getMetrics().fallbacksServed()).isEqualTo(11);
  }

  @Test
  void a_detached_trial_times_out_with_the_operations_time() {
    becomeReadyForATrial();
    listen();
    time.advance(Duration.ofSeconds(8).minusNanos(1));
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.HALF_OPEN);

    time.advance(Duration.ofNanos(1));

    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
    assertThat(upstream.isCancelled()).isTrue();
    assertCounted(0, 11, 1);
  }

  @Test
  void a_detached_trial_times_out_with_the_streams_total_where_that_is_shorter() {
    becomeReadyForATrial();
    listen(options().total(Duration.ofSeconds(5)), hearer);

    time.advance(Duration.ofSeconds(5));

    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
  }

  @Test
  void a_subscriber_that_was_answered_can_cancel_no_trial() {
    becomeReadyForATrial();
    Hearer slow = listen(options(), new Hearer(1));
    upstream.send(" ");
    slow.subscription.request(1);
    time.advance(Duration.ofSeconds(3));

    slow.subscription.cancel();
    slow.subscription.request(1);

    assertThat(upstream.isCancelled()).isFalse();
    upstream.send("Good");
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
  }

  @Test
  void a_shorter_limit_of_the_first_item_is_the_patience_too() {
    becomeReadyForATrial();
    listen(options().firstItem(Duration.ofSeconds(2)), hearer);

    time.advance(Duration.ofSeconds(2));

    assertHeard("TIMEOUT");
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.HALF_OPEN);
    upstream.complete();
  }

  @Test
  void a_trial_that_still_speaks_when_its_time_is_over_is_a_success() {
    becomeReadyForATrial();
    listen();
    for (int i = 0; i < 4; i++) {
      upstream.send("word");
      time.advance(Duration.ofSeconds(2));
    }
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);

    upstream.send("word");
    time.advance(STALL);

    assertThat(hearer.heard).endsWith("word", "TIMEOUT");
    assertThat(hearer.ends).containsExactly("complete");
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
    assertCounted(1, 10, 0);
    assertThat(breaker.getMetrics().lateResults()).isZero();
  }

  @Test
  void a_trial_whose_subscriber_asks_for_nothing_is_left_to_its_lease() {
    becomeReadyForATrial();
    Hearer mute = listen(options(), new Hearer(0));
    time.advance(Duration.ofSeconds(15));
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.HALF_OPEN);

    ManualStream<String> next = new ManualStream<>();
    Hearer other = Hearer.ofAll();
    breaker.executeStream(() -> next, options().build()).subscribe(other);
    next.complete();

    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
    mute.subscription.cancel();
  }
}
