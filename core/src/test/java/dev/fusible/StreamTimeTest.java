package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The limits of a guarded stream. */
class StreamTimeTest extends StreamScenario {

  @Test
  void a_stream_that_says_nothing_ends_at_the_limit_of_the_first_item() {
    listen();
    time.advance(FIRST.minusNanos(1));
    assertThat(hearer.hasEnded()).isFalse();

    time.advance(Duration.ofNanos(1));

    assertHeard("TIMEOUT");
    assertThat(upstream.isCancelled()).isTrue();
    assertCounted(0, 1, 1);
  }

  @Test
  void a_publisher_that_never_answers_the_subscription_ends_at_the_same_limit() {
    breaker.<String>executeStream(() -> subscriber -> {}, options().build()).subscribe(hearer);

    time.advance(FIRST);

    assertHeard("TIMEOUT");
  }

  @Test
  void what_is_not_speakable_passes_through_and_moves_no_deadline() {
    listen();
    time.advance(FIRST.minusMillis(1));
    upstream.send(" ");

    time.advance(Duration.ofMillis(1));

    assertHeard(" ", "TIMEOUT");
  }

  @Test
  void a_stream_that_stalls_ends_three_seconds_after_what_was_heard_last() {
    listen();
    time.advance(Duration.ofSeconds(4));
    upstream.send("One");
    time.advance(Duration.ofSeconds(2));
    upstream.send(" two");
    time.advance(Duration.ofSeconds(2));
    upstream.send(" ");
    time.advance(Duration.ofSeconds(1).minusNanos(1));
    assertThat(hearer.hasEnded()).isFalse();

    time.advance(Duration.ofNanos(1));

    assertHeard("One", " two", " ", "TIMEOUT");
    assertCounted(0, 1, 1);
  }

  @Test
  void a_stall_that_ends_before_the_limit_of_the_first_item_would_is_seen_in_time() {
    listen();
    time.advance(Duration.ofSeconds(1));
    upstream.send("One");

    time.advance(STALL);

    assertHeard("One", "TIMEOUT");
  }

  @Test
  void a_long_answer_without_pauses_has_no_limit() {
    listen();
    for (int i = 0; i < 100; i++) {
      upstream.send("word");
      time.advance(Duration.ofSeconds(2));
    }
    upstream.complete();

    assertThat(hearer.heard).hasSize(100).doesNotContain("TIMEOUT");
    assertCounted(1, 0, 0);
  }

  @Test
  void a_stream_longer_than_its_total_ends_though_it_speaks() {
    listen(options().total(Duration.ofSeconds(10)), hearer);
    for (int i = 0; i < 5; i++) {
      upstream.send("word");
      time.advance(Duration.ofSeconds(2));
    }

    assertHeard("word", "word", "word", "word", "word", "TIMEOUT");
    assertThat(upstream.isCancelled()).isTrue();
  }

  @Test
  void limits_of_zero_are_off() {
    listen(options().firstItem(Duration.ZERO).stall(Duration.ZERO), hearer);
    time.advance(Duration.ofHours(1));
    upstream.send("at last");
    time.advance(Duration.ofHours(1));
    upstream.complete();

    assertHeard("at last");
  }

  @Test
  void a_stream_that_drips_ends_when_its_pace_falls_below_the_floor() {
    listen(options().pace(item -> 1, 6, Duration.ofSeconds(6)), hearer);
    for (int i = 0; i < 3; i++) {
      upstream.send("drip");
      time.advance(Duration.ofMillis(2_500).minusNanos(i == 2 ? 1_500_000_001 : 0));
    }
    assertThat(hearer.hasEnded()).isFalse();

    time.advance(Duration.ofNanos(1));

    assertHeard("drip", "drip", "drip", "TIMEOUT");
    assertCounted(0, 1, 1);
  }

  @Test
  void a_stream_that_keeps_its_pace_goes_on() {
    listen(options().pace(item -> 1, 6, Duration.ofSeconds(6)), hearer);
    for (int i = 0; i < 60; i++) {
      upstream.send("word");
      time.advance(Duration.ofMillis(990));
    }
    upstream.complete();

    assertThat(hearer.heard).hasSize(60);
  }

  @Test
  void silence_does_not_count_while_the_subscriber_asks_for_nothing() {
    Hearer slow = listen(options(), new Hearer(0));
    time.advance(Duration.ofMinutes(1));
    slow.subscription.request(1);
    time.advance(FIRST.minusNanos(1));
    upstream.send("One");
    time.advance(Duration.ofMinutes(1));
    assertThat(slow.hasEnded()).isFalse();

    slow.subscription.request(5);
    time.advance(STALL.minusNanos(1));
    assertThat(slow.hasEnded()).isFalse();
    time.advance(Duration.ofNanos(1));

    assertThat(slow.heard).containsExactly("One", "TIMEOUT");
    assertThat(slow.ends).containsExactly("complete");
  }

  @Test
  void asking_for_one_item_after_another_does_not_start_the_silence_anew() {
    Hearer one = listen(options(), new Hearer(1));
    for (int i = 0; i < 9; i++) {
      time.advance(Duration.ofMillis(500));
      if (i < 8) {
        upstream.send(" ");
        one.subscription.request(1);
      }
    }

    assertThat(one.heard).hasSize(9).endsWith("TIMEOUT");
  }

  @Test
  void the_total_counts_without_demand_and_its_item_waits_for_it() {
    Hearer slow = listen(options().total(Duration.ofSeconds(10)), new Hearer(0));

    time.advance(Duration.ofSeconds(10));

    assertThat(upstream.isCancelled()).isTrue();
    assertCounted(0, 1, 1);
    assertThat(slow.heard).isEmpty();
    assertThat(slow.hasEnded()).isFalse();
    slow.subscription.request(1);
    assertThat(slow.heard).containsExactly("TIMEOUT");
    assertThat(slow.ends).containsExactly("complete");
  }
}
