package dev.fusible;

import static dev.fusible.CircuitBreakerState.CLOSED;
import static dev.fusible.CircuitBreakerState.OPEN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.FlakyStore.Fault;
import dev.fusible.FlakyStore.Operation;
import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A store that tells of others' changes: they are seen sooner, and would be seen without it. */
class ToldRefreshTest {

  private static final Duration REFRESH = Duration.ofSeconds(5);
  private static final Duration AT_MOST_EVERY = Duration.ofMillis(50);

  private final ManualTime time = new ManualTime();
  private final CircuitBreakerStore store = CircuitBreakerStore.inMemory(time);
  private final Instance other = new Instance(time, store);
  private final Instance told = new Instance(time, store);

  @AfterEach
  void close() {
    other.close();
    told.close();
  }

  private int looks() {
    return told.line.count(Operation.CHANGES);
  }

  @Test
  void a_change_that_is_told_of_is_seen_at_once() {
    other.fail(10);
    assertThat(told.state()).isEqualTo(CLOSED);

    told.line.tell();
    time.advance(Duration.ZERO);

    assertThat(told.state()).isEqualTo(OPEN);
  }

  @Test
  void however_often_it_is_told_it_looks_once_in_fifty_milliseconds() {
    told.line.resetCounts();

    for (int i = 0; i < 1_000; i++) {
      told.line.tell();
      time.advance(Duration.ofMillis(1));
    }

    assertThat(looks()).isBetween(20, 21);
    time.advance(AT_MOST_EVERY);
    int before = looks();
    time.advance(Duration.ofSeconds(1));
    assertThat(looks()).isEqualTo(before);
  }

  @Test
  void what_is_told_while_it_looks_is_looked_for_again() {
    told.line.fault(Operation.CHANGES, Fault.HOLD);
    told.line.tell();
    time.advance(Duration.ZERO);
    told.line.fault(Operation.CHANGES, Fault.NONE);
    other.fail(10);
    told.line.tell();
    time.advance(AT_MOST_EVERY);
    assertThat(told.state()).isEqualTo(CLOSED);

    told.line.release();
    time.advance(AT_MOST_EVERY);

    assertThat(told.state()).isEqualTo(OPEN);
  }

  @Test
  void a_store_that_is_down_is_not_asked_because_it_tells() {
    told.line.all(Fault.FAIL);
    time.advance(REFRESH);
    told.line.resetCounts();

    told.line.tell();
    time.advance(Duration.ofMillis(10));

    assertThat(looks()).isZero();
  }

  @Test
  void who_is_closed_is_not_told() {
    assertThat(told.line.isListenedTo()).isTrue();
    told.close();
    assertThat(told.line.isListenedTo()).isFalse();
  }

  @Test
  void a_store_that_can_not_even_say_that_it_will_not_tell_is_looked_at_in_its_turn() {
    FlakyStore line = new FlakyStore(store);
    line.talkNonsense(true);
    try (Instance instance = new Instance(time, line, CircuitBreakerConfig.defaults())) {
      line.talkNonsense(false);
      assertThat(line.isListenedTo()).isFalse();
      time.advance(REFRESH);
      other.fail(10);

      time.advance(REFRESH);

      assertThat(instance.state()).isEqualTo(OPEN);
      assertThat(instance.events.store).isEmpty();
    }
  }
}
