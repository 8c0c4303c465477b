package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Flow;
import org.junit.jupiter.api.Test;

/** What the subscriber of a guarded stream hears, and what its circuit counts. */
class GuardedStreamTest extends StreamScenario {

  @Test
  void a_healthy_stream_passes_through_and_is_a_success_at_its_end() {
    listen();
    upstream.send("Good");
    upstream.send(" morning");
    assertCounted(0, 0, 0);

    upstream.complete();

    assertHeard("Good", " morning");
    assertCounted(1, 0, 0);
    assertThat(upstream.isCancelled()).isFalse();
  }

  @Test
  void a_stream_that_fails_ends_in_the_sentence_and_is_a_failure() {
    listen();
    upstream.send("Good");

    upstream.fail(new IllegalStateException("cut"));

    assertHeard("Good", "SYSTEM_ERROR");
    assertCounted(0, 1, 0);
    assertThat(breaker.getMetrics().fallbacksServed()).isEqualTo(1);
  }

  @Test
  void an_error_that_is_passed_on_reaches_the_subscriber_as_it_is_and_is_no_fallback() {
    IllegalArgumentException mistake = new IllegalArgumentException("the caller's own");
    listen(options().passOn(error -> error == mistake), hearer);

    upstream.fail(mistake);

    assertThat(hearer.heard).isEmpty();
    assertThat(hearer.error).isSameAs(mistake);
    assertThat(hearer.ends).containsExactly("error");
    assertThat(breaker.getMetrics().fallbacksServed()).isZero();
    assertCounted(0, 1, 0);
  }

  @Test
  void a_predicate_for_what_is_passed_on_that_throws_passes_on_nothing() {
    listen(
        options()
            .passOn(
                error -> {
                  throw new IllegalStateException();
                }),
        hearer);

    upstream.fail(new IllegalStateException("cut"));

    assertHeard("SYSTEM_ERROR");
  }

  @Test
  void the_fallback_is_told_the_cause() {
    List<Throwable> causes = new ArrayList<>();
    IllegalStateException cut = new IllegalStateException("cut");
    listen(
        StreamOptions.builder(
            fallback -> {
              causes.add(fallback.cause());
              return "sorry";
            }),
        hearer);

    upstream.fail(cut);

    assertThat(causes).containsExactly(cut);
    assertHeard("sorry");
  }

  @Test
  void an_operation_that_throws_is_a_failure() {
    breaker
        .<String>executeStream(
            () -> {
              throw new IllegalStateException();
            },
            options().build())
        .subscribe(hearer);

    assertHeard("SYSTEM_ERROR");
    assertCounted(0, 1, 0);
  }

  @Test
  void an_operation_that_gives_no_publisher_is_a_failure() {
    breaker.<String>executeStream(() -> null, options().build()).subscribe(hearer);

    assertHeard("SYSTEM_ERROR");
    assertCounted(0, 1, 0);
  }

  @Test
  void a_publisher_whose_request_throws_is_a_failure() {
    upstream.throwOnRequest(new IllegalStateException());

    listen();

    assertHeard("SYSTEM_ERROR");
    assertThat(upstream.isCancelled()).isTrue();
    assertCounted(0, 1, 0);
  }

  @Test
  void an_error_comes_out_after_the_attempt_has_settled_as_a_failure() {
    listen();

    upstream.fail(new StackOverflowError());

    assertThat(hearer.error).isInstanceOf(StackOverflowError.class);
    assertCounted(0, 1, 0);
  }

  @Test
  void the_operations_own_cancellation_counts_as_neither() {
    listen();

    upstream.fail(new CancellationException());

    assertHeard("SYSTEM_ERROR");
    assertCounted(0, 0, 0);
  }

  @Test
  void what_comes_after_the_end_is_dropped() {
    listen();
    upstream.complete();

    upstream.send("late");
    upstream.complete();
    upstream.fail(new IllegalStateException());

    assertHeard();
    assertCounted(1, 0, 0);
  }

  @Test
  void each_subscriber_is_a_call_of_its_own() {
    List<ManualStream<String>> started = new ArrayList<>();
    Flow.Publisher<String> guarded =
        breaker.executeStream(
            () -> {
              ManualStream<String> next = new ManualStream<>();
              started.add(next);
              return next;
            },
            options().build());
    Hearer other = Hearer.ofAll();
    assertThat(started).isEmpty();

    guarded.subscribe(hearer);
    guarded.subscribe(other);
    started.get(0).complete();
    started.get(1).fail(new IllegalStateException());

    assertHeard();
    assertThat(other.heard).containsExactly("SYSTEM_ERROR");
    assertCounted(1, 1, 0);
  }

  @Test
  void a_predicate_that_throws_makes_a_failure_and_leaves_the_stream_as_it_is() {
    listen(
        options()
            .speakable(
                item -> {
                  throw new IllegalStateException();
                }),
        hearer);
    upstream.send("One");
    time.advance(Duration.ofSeconds(2));
    upstream.send(" two");
    time.advance(Duration.ofSeconds(2));

    upstream.complete();

    assertHeard("One", " two");
    assertCounted(0, 1, 0);
  }

  @Test
  void a_counter_of_words_that_throws_does_so_too() {
    listen(
        options()
            .pace(
                item -> {
                  throw new AssertionError();
                },
                6,
                Duration.ofSeconds(6)),
        hearer);
    upstream.send("One");

    upstream.complete();

    assertHeard("One");
    assertCounted(0, 1, 0);
  }

  @Test
  void a_fallback_that_throws_ends_the_stream_in_its_exception() {
    listen(
        StreamOptions.builder(
            fallback -> {
              throw new IllegalStateException("mine");
            }),
        hearer);

    time.advance(FIRST);

    assertThat(hearer.error).hasMessage("mine");
    assertCounted(0, 1, 1);
  }

  @Test
  void a_fallback_without_an_item_just_ends() {
    listen(StreamOptions.builder(fallback -> null), hearer);

    time.advance(FIRST);

    assertHeard();
  }

  @Test
  void after_close_a_stream_is_refused_with_an_exception() {
    Flow.Publisher<String> before = breaker.executeStream(() -> upstream, options().build());
    breakers.close();

    assertThatThrownBy(() -> breaker.executeStream(() -> upstream, options().build()))
        .isInstanceOf(IllegalStateException.class);
    before.subscribe(hearer);

    assertThat(hearer.error).isInstanceOf(IllegalStateException.class);
    assertThat(upstream.isSubscribed()).isFalse();
  }
}
