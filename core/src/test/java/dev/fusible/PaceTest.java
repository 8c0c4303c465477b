package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PaceTest {

  private static final Pace<String> PACE = new Pace<>(String::length, 6, Duration.ofNanos(60));

  @Test
  void one_word_is_due_after_the_whole_time() {
    PaceMeter meter = new PaceMeter(PACE, 100);

    meter.heard(1, 100);

    assertThat(meter.dueNanos()).isEqualTo(160);
  }

  @Test
  void words_that_are_not_enough_move_nothing() {
    PaceMeter meter = new PaceMeter(PACE, 100);

    meter.heard(1, 100);
    meter.heard(2, 120);
    meter.heard(2, 150);

    assertThat(meter.dueNanos()).isEqualTo(160);
  }

  @Test
  void it_is_due_when_the_oldest_word_that_is_needed_leaves() {
    PaceMeter meter = new PaceMeter(PACE, 100);

    for (int i = 0; i < 20; i++) {
      meter.heard(1, 100 + 10 * i);
    }

    assertThat(meter.dueNanos()).as("six words: from 240 on").isEqualTo(300);
  }

  @Test
  void an_item_with_many_words_is_enough_for_itself() {
    PaceMeter meter = new PaceMeter(PACE, 100);
    meter.heard(1, 100);

    meter.heard(Integer.MAX_VALUE, 130);
    meter.heard(Integer.MAX_VALUE, 140);

    assertThat(meter.dueNanos()).isEqualTo(200);
  }

  @Test
  void less_than_a_word_is_none() {
    PaceMeter meter = new PaceMeter(PACE, 100);

    meter.heard(0, 110);
    meter.heard(-5, 120);

    assertThat(meter.dueNanos()).isEqualTo(160);
  }

  @Test
  void a_wrong_value_is_refused_by_its_name() {
    assertThatThrownBy(() -> new Pace<String>(String::length, 0, Duration.ofSeconds(1)))
        .hasMessageStartingWith("atLeast");
    assertThatThrownBy(() -> new Pace<String>(String::length, 1, Duration.ZERO))
        .hasMessageStartingWith("within");
    assertThatThrownBy(() -> new Pace<String>(String::length, 1, Duration.ofSeconds(-1)))
        .hasMessageStartingWith("within");
    assertThatThrownBy(() -> new Pace<String>(String::length, 1, Duration.ofDays(400)))
        .hasMessageStartingWith("within");
    assertThatThrownBy(() -> new Pace<String>(null, 1, Duration.ofSeconds(1)))
        .hasMessageContaining("words");
  }

  @Test
  void wrong_limits_of_a_stream_are_refused_by_their_name() {
    StreamOptions.Builder<String> options = StreamOptions.builder(fallback -> "");
    assertThatThrownBy(() -> options.firstItem(Duration.ofSeconds(-1)).build())
        .hasMessageStartingWith("firstItem");
    options.firstItem(Duration.ZERO);
    assertThatThrownBy(() -> options.stall(Duration.ofDays(400)).build())
        .hasMessageStartingWith("stall");
    options.stall(Duration.ZERO);
    assertThatThrownBy(() -> options.total(Duration.ofSeconds(-1)).build())
        .hasMessageStartingWith("total");
  }
}
