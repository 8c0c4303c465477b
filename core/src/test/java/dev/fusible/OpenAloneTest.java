package dev.fusible;

import static dev.fusible.CircuitBreakerState.CLOSED;
import static dev.fusible.CircuitBreakerState.HALF_OPEN;
import static dev.fusible.CircuitBreakerState.OPEN;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * An upstream's circuit that has opened for this instance alone, on the word of two businesses
 * where three are wanted: what trials and other instances' rows make of it.
 */
class OpenAloneTest {

  private static final CircuitBreakerConfig CONFIG = CircuitBreakerConfig.defaults();
  private static final long NOW = 1_000_000_000_000L;
  private static final Outcome FAILURE = new Outcome(Outcome.Kind.FAILURE, 0, "Ours");
  private static final Instant OPENED = Instant.EPOCH.plusSeconds(100);

  private static CircuitBreakerStoreState row(long version, int failures, Evidence evidence) {
    return row(version, failures, Hold.NONE, evidence);
  }

  private static CircuitBreakerStoreState row(
      long version, int failures, Hold hold, Evidence evidence) {
    return new CircuitBreakerStoreState(
        "upstream/llm",
        CLOSED,
        failures,
        failures,
        0,
        version,
        null,
        0,
        Instant.EPOCH,
        "Theirs",
        hold,
        null,
        Duration.ZERO,
        "write",
        evidence);
  }

  private static MachineState rebased(MachineState s, CircuitBreakerStoreState row) {
    return StoreMerge.rebased(s, row, CONFIG, NOW);
  }

  private static MachineState opened() {
    return opened(rebased(MachineState.ofUpstream(Witnesses.none(3)), row(1, 0, Evidence.NONE)));
  }

  private static MachineState opened(MachineState closed) {
    MachineState s = closed;
    s = s.with(s.witnesses().seen("a", NOW).seen("b", NOW));
    for (int i = 0; i < 10; i++) {
      s = StateMachine.settle(s, FAILURE, i % 2 == 0 ? "a" : "b", CONFIG, NOW);
    }
    return s.stamped(OPENED);
  }

  private static MachineState trying(MachineState s) {
    return StateMachine.unaskedTrial(s, new Trial("ours", Trial.Phase.RUNNING, NOW + 1));
  }

  private static MachineState withAThird(MachineState s) {
    return s.with(s.witnesses().failedBy("c", s.failureCount() + 1));
  }

  @Test
  void it_is_open_here_and_its_row_stays_as_it_was() {
    MachineState s = opened();

    assertThat(s.state()).isEqualTo(OPEN);
    assertThat(s.untold()).isTrue();
    assertThat(s.needsWriteAtOnce()).isFalse();
  }

  @Test
  void a_trial_that_fails_on_the_word_of_a_third_business_opens_it_for_all() {
    MachineState s = StateMachine.settle(trying(opened()), FAILURE, "c", CONFIG, NOW);

    assertThat(s.state()).isEqualTo(OPEN);
    assertThat(s.untold()).isFalse();
    assertThat(s.needsWriteAtOnce()).isTrue();
  }

  @Test
  void a_trial_that_begins_tells_nobody_although_a_third_business_has_failed() {
    MachineState s = trying(withAThird(opened()));

    assertThat(s.state()).isEqualTo(HALF_OPEN);
    assertThat(s.untold()).isTrue();
    assertThat(s.needsWriteAtOnce()).isFalse();
  }

  @Test
  void a_trial_that_succeeds_closes_it_and_the_row_has_nothing_to_learn_of() {
    Outcome success = new Outcome(Outcome.Kind.SUCCESS, 0, null);

    MachineState s = StateMachine.settle(trying(withAThird(opened())), success, "a", CONFIG, NOW);

    assertThat(s.state()).isEqualTo(CLOSED);
    assertThat(s.untold()).isFalse();
    assertThat(s.settledToken()).isNull();
    assertThat(s.needsWriteAtOnce()).isFalse();
  }

  @Test
  void a_row_with_the_failure_of_a_third_business_opens_it_for_all() {
    MachineState s = rebased(opened(), row(2, 1, new Evidence(List.of("c"), Map.of())));

    assertThat(s.state()).isEqualTo(OPEN);
    assertThat(s.untold()).isFalse();
    assertThat(s.needsWriteAtOnce()).isTrue();
    assertThat(s.failureCount()).isEqualTo(11);
  }

  @Test
  void such_a_row_does_not_disturb_a_trial_that_runs() {
    MachineState before = trying(opened());

    MachineState s = rebased(before, row(2, 1, new Evidence(List.of("c"), Map.of())));

    assertThat(s.state()).isEqualTo(HALF_OPEN);
    assertThat(s.trial()).isEqualTo(before.trial());
    assertThat(s.untold()).isTrue();
    assertThat(s.needsWriteAtOnce()).isFalse();
  }

  @Test
  void a_row_that_adds_nobody_leaves_it_open_since_when_it_was() {
    MachineState before = opened();

    MachineState s = rebased(before, row(2, 0, Evidence.NONE));

    assertThat(s.state()).isEqualTo(OPEN);
    assertThat(s.untold()).isTrue();
    assertThat(s.generation()).isEqualTo(before.generation());
    assertThat(s.lastStateChange()).isEqualTo(OPENED);
  }

  @Test
  void a_row_that_shows_others_whose_calls_do_not_fail_closes_it() {
    Map<String, Duration> active = Map.of("c", Duration.ZERO, "d", Duration.ZERO);

    MachineState s = rebased(opened(), row(2, 0, new Evidence(List.of(), active)));

    assertThat(s.state()).isEqualTo(CLOSED);
    assertThat(s.untold()).isFalse();
    assertThat(s.needsWriteAtOnce()).isFalse();
  }

  @Test
  void a_row_that_an_operator_holds_closed_closes_it_and_stays_held() {
    Evidence third = new Evidence(List.of("c"), Map.of());
    MachineState unread = opened(MachineState.ofUpstream(Witnesses.none(3)));

    for (MachineState before : List.of(opened(), unread)) {
      MachineState s = rebased(before, row(2, 10, Hold.CLOSED, third));

      assertThat(s.state()).isEqualTo(CLOSED);
      assertThat(s.hold()).isEqualTo(Hold.CLOSED);
      assertThat(s.toRow("upstream/llm", "ours", NOW).hold()).isEqualTo(Hold.CLOSED);
    }
  }
}
