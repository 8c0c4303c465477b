package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Whose calls an upstream's circuit has seen. */
class WitnessesTest {

  private static final long MINUTE = Duration.ofMinutes(1).toNanos();

  private final Witnesses none = Witnesses.none(3);

  private static Witnesses active(Witnesses witnesses, long now, String... businesses) {
    Witnesses all = witnesses;
    for (String business : businesses) {
      all = all.seen(business, now);
    }
    return all;
  }

  private static Witnesses failed(Witnesses witnesses, String... businesses) {
    Witnesses all = witnesses;
    int count = 0;
    for (String business : businesses) {
      all = all.failedBy(business, ++count);
    }
    return all;
  }

  @Test
  void as_many_as_wanted_must_have_failed() {
    Witnesses many = active(none, 0, "a", "b", "c", "d", "e");

    assertThat(failed(many, "a", "b", "a", "b").mayOpen(0)).isFalse();
    assertThat(failed(many, "a", "b", "c").mayOpen(0)).isTrue();
    assertThat(failed(many, "a", "b", "c").areEnough()).isTrue();
  }

  @Test
  void never_more_than_called_in_the_last_minute() {
    Witnesses three = active(active(none, 0, "a"), MINUTE - 1, "b", "c");

    assertThat(failed(three, "b", "c").mayOpen(MINUTE - 1)).isFalse();
    assertThat(failed(three, "b", "c").mayOpen(MINUTE)).isTrue();
    assertThat(failed(three, "b", "c").areEnough()).isFalse();
  }

  @Test
  void one_alone_is_not_believed_unless_one_is_wanted() {
    assertThat(failed(active(none, 0, "a"), "a").mayOpen(0)).isFalse();
    assertThat(failed(active(Witnesses.none(1), 0, "a", "b"), "a").mayOpen(0)).isTrue();
  }

  @Test
  void failures_of_calls_that_have_no_business_are_no_businesss_own() {
    assertThat(active(none, 0, "a", "b").mayOpen(0)).isTrue();
    assertThat(active(none, 0, "a", "b").areEnough()).isTrue();
  }

  @Test
  void keeps_of_each_the_latest_and_no_more_than_it_takes() {
    Witnesses many = none;
    for (int i = 0; i < 1_000; i++) {
      many = many.seen("b" + i % 10, i).failedBy("b" + i % 10, i + 1);
    }

    assertThat(many.active())
        .extracting(Witnesses.Seen::business)
        .containsExactly("b7", "b8", "b9");
    assertThat(many.failed())
        .extracting(Witnesses.Failed::business)
        .containsExactly("b7", "b8", "b9");
  }

  @Test
  void knows_a_business_that_called_just_now_and_any_when_enough_others_did() {
    long tenth = Duration.ofMillis(100).toNanos();
    Witnesses two = active(none, 0, "a", "b");

    assertThat(two.know("a", tenth - 1)).isTrue();
    assertThat(two.know("a", tenth)).isFalse();
    assertThat(two.know("c", 0)).isFalse();
    assertThat(active(two, 0, "c").know("d", 0)).isTrue();
  }

  @Test
  void a_row_says_who_called_and_how_long_ago_by_its_own_clock() {
    Witnesses here = active(none, 5 * MINUTE, "a").joinedBy(new Evidence(List.of(), Map.of()), 0);
    Evidence row = here.evidence(5 * MINUTE + 7);
    assertThat(row.active()).containsExactly(Map.entry("a", Duration.ofNanos(7)));

    Witnesses there = active(none, -100, "b").joinedBy(row, -50);

    assertThat(there.evidence(-50).active())
        .containsOnly(Map.entry("a", Duration.ofNanos(7)), Map.entry("b", Duration.ofNanos(50)));
    assertThat(there.evidence(-50 + MINUTE).active()).isEmpty();
  }

  @Test
  void a_row_does_not_make_a_business_older_than_it_is_known_to_be() {
    Evidence row = new Evidence(List.of(), Map.of("a", Duration.ofSeconds(30)));

    Witnesses here = active(none, MINUTE, "a").joinedBy(row, MINUTE);

    assertThat(here.evidence(MINUTE).active()).containsEntry("a", Duration.ZERO);
    assertThat(here.joinedBy(new Evidence(List.of(), Map.of("b", Duration.ofMinutes(2))), MINUTE))
        .isEqualTo(here);
  }

  @Test
  void of_its_own_failures_only_those_that_the_row_does_not_have_are_added() {
    Witnesses here = failed(none, "a", "b", "c");
    Evidence reset = new Evidence(List.of(), Map.of());

    Witnesses merged = here.withFailuresOf(reset, 2, -2);

    assertThat(merged.failed()).containsExactly(new Witnesses.Failed("c", 1));
    assertThat(here.withFailuresOf(new Evidence(List.of("x"), Map.of()), 3, 4).failed())
        .extracting(Witnesses.Failed::business)
        .containsExactly("x");
  }
}
