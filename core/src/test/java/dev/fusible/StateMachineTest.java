package dev.fusible;

import static dev.fusible.CircuitBreakerState.CLOSED;
import static dev.fusible.CircuitBreakerState.HALF_OPEN;
import static dev.fusible.CircuitBreakerState.OPEN;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.LongSummaryStatistics;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules as pure functions. */
class StateMachineTest {

  private static final CircuitBreakerConfig CONFIG = CircuitBreakerConfig.defaults();
  private static final long SECOND = 1_000_000_000L;
  private static final Outcome FAILED = new Outcome(Outcome.Kind.FAILURE, 0, "Broken");
  private static final Outcome TIMED_OUT = new Outcome(Outcome.Kind.TIMEOUT, 0, "timeout");

  private static MachineState after(MachineState s, Outcome outcome, int times) {
    MachineState next = s;
    for (int i = 0; i < times; i++) {
      next = StateMachine.settle(next, outcome, CONFIG, 7 * SECOND);
    }
    return next;
  }

  private static MachineState open(long atNanos) {
    return MachineState.INITIAL.opened(0, atNanos, null);
  }

  private static MachineState trial(Trial.Phase phase, long untilNanos) {
    return open(0).halfOpen(new Trial("token", phase, untilNanos));
  }

  @Test
  void nine_failures_leave_it_closed_and_the_tenth_opens_it() {
    MachineState nine = after(MachineState.INITIAL, FAILED, 9);
    assertThat(nine.state()).isEqualTo(CLOSED);

    MachineState ten = after(nine, FAILED, 1);

    assertThat(ten.state()).isEqualTo(OPEN);
    assertThat(ten.failureCount()).isEqualTo(10);
    assertThat(ten.openedAtNanos()).isEqualTo(7 * SECOND);
    assertThat(ten.lastErrorCode()).isEqualTo("Broken");
    assertThat(ten.generation()).isEqualTo(nine.generation() + 1);
  }

  @Test
  void a_timeout_counts_like_a_failure() {
    assertThat(after(MachineState.INITIAL, TIMED_OUT, 10).state()).isEqualTo(OPEN);
  }

  @Test
  void one_success_sets_the_count_to_zero_and_the_volume_stays() {
    MachineState s = after(after(MachineState.INITIAL, FAILED, 9), Outcome.SUCCESS, 1);

    assertThat(s.failureCount()).isZero();
    assertThat(s.requestCount()).isEqualTo(10);
    assertThat(after(s, FAILED, 4).state()).isEqualTo(CLOSED);
    assertThat(after(s, FAILED, 5).state()).isEqualTo(OPEN);
  }

  @Test
  void a_success_that_changes_nothing_gives_the_same_state() {
    MachineState s = after(MachineState.INITIAL_LOADED, Outcome.SUCCESS, 10);

    assertThat(after(s, Outcome.SUCCESS, 1)).isSameAs(s);
  }

  @Test
  void what_is_ignored_changes_nothing() {
    MachineState s = after(MachineState.INITIAL, FAILED, 3);

    assertThat(after(s, Outcome.IGNORED, 1)).isSameAs(s);
  }

  @Test
  void an_open_circuit_settles_nothing() {
    MachineState s = open(0);

    assertThat(after(s, FAILED, 1)).isSameAs(s);
    assertThat(after(s, Outcome.SUCCESS, 1)).isSameAs(s);
  }

  @Test
  void open_admits_nobody_before_its_wait_is_over_and_then_a_claim() {
    MachineState s = open(5 * SECOND);

    assertThat(StateMachine.admission(s, CONFIG, 35 * SECOND - 1)).isEqualTo(Admission.REJECT);
    assertThat(StateMachine.admission(s, CONFIG, 35 * SECOND)).isEqualTo(Admission.CLAIM);
  }

  @Test
  void waits_are_right_where_the_monotonic_clock_overflows() {
    MachineState s = open(Long.MAX_VALUE - SECOND);

    assertThat(StateMachine.admission(s, CONFIG, Long.MIN_VALUE + SECOND))
        .isEqualTo(Admission.REJECT);
    assertThat(StateMachine.admission(s, CONFIG, Long.MIN_VALUE + 29 * SECOND))
        .isEqualTo(Admission.CLAIM);
  }

  @Test
  void a_forced_state_holds() {
    MachineState forced = StateMachine.forceOpen(MachineState.INITIAL, 0);
    assertThat(StateMachine.admission(forced, CONFIG, 1_000_000 * SECOND))
        .isEqualTo(Admission.REJECT);

    MachineState closed = StateMachine.forceClosed(forced);
    assertThat(after(closed, FAILED, 100).state()).isEqualTo(CLOSED);

    MachineState reset = StateMachine.reset(after(closed, FAILED, 100));
    assertThat(reset.hold()).isEqualTo(Hold.NONE);
    assertThat(reset.failureCount()).isZero();
    assertThat(reset.requestCount()).isZero();
    assertThat(after(reset, FAILED, 10).state()).isEqualTo(OPEN);
  }

  @Test
  void half_open_admits_one() {
    assertThat(StateMachine.admission(open(0).halfOpen(null), CONFIG, 0))
        .as("freed")
        .isEqualTo(Admission.CLAIM);
    assertThat(StateMachine.admission(trial(Trial.Phase.READY, 10), CONFIG, 9))
        .isEqualTo(Admission.TRIAL);
    for (Trial.Phase phase : Trial.Phase.values()) {
      if (phase != Trial.Phase.READY) {
        assertThat(StateMachine.admission(trial(phase, 10), CONFIG, 9))
            .as(phase.name())
            .isEqualTo(Admission.REJECT);
      }
      assertThat(StateMachine.admission(trial(phase, 10), CONFIG, 10))
          .as("expired " + phase)
          .isEqualTo(Admission.CLAIM);
    }
  }

  @Test
  void a_claim_under_way_turns_others_away_from_an_open_circuit() {
    MachineState claiming = open(0).withTrial(new Trial("t", Trial.Phase.CLAIMING, 45 * SECOND));

    assertThat(StateMachine.admission(claiming, CONFIG, 31 * SECOND)).isEqualTo(Admission.REJECT);
    assertThat(StateMachine.admission(claiming, CONFIG, 45 * SECOND))
        .as("one that was never answered holds up nobody for ever")
        .isEqualTo(Admission.CLAIM);
  }

  @Test
  void a_trials_success_closes_with_counts_zero() {
    MachineState s =
        StateMachine.settle(trial(Trial.Phase.RUNNING, 10), Outcome.SUCCESS, CONFIG, 5);

    assertThat(s.state()).isEqualTo(CLOSED);
    assertThat(s.failureCount()).isZero();
    assertThat(s.requestCount()).isZero();
    assertThat(s.failedTrials()).isZero();
    assertThat(s.settledToken()).isEqualTo("token");
    assertThat(s.lastErrorCode()).isNull();
  }

  @Test
  void a_trials_failure_opens_for_a_full_wait_and_is_counted() {
    MachineState s = StateMachine.settle(trial(Trial.Phase.RUNNING, 10), TIMED_OUT, CONFIG, 5);

    assertThat(s.state()).isEqualTo(OPEN);
    assertThat(s.openedAtNanos()).isEqualTo(5);
    assertThat(s.failedTrials()).isEqualTo(1);
    assertThat(s.failureCount()).isEqualTo(1);
    assertThat(s.settledToken()).isEqualTo("token");
  }

  @Test
  void a_trial_that_is_ignored_is_freed() {
    MachineState s =
        StateMachine.settle(trial(Trial.Phase.RUNNING, 10), Outcome.IGNORED, CONFIG, 5);

    assertThat(s.state()).isEqualTo(HALF_OPEN);
    assertThat(s.trial()).isNull();
  }

  @Test
  void a_half_open_circuit_without_a_trial_settles_nothing() {
    MachineState s = open(0).halfOpen(null);

    assertThat(StateMachine.settle(s, Outcome.SUCCESS, CONFIG, 5)).isSameAs(s);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.1, 0.3, 0.55, 0.57, 0.7, 0.93, 1.0})
  void a_rate_is_met_by_exactly_its_share(double rate) {
    CircuitBreakerConfig config =
        CircuitBreakerConfig.builder().tripPolicy(TripPolicy.failureRate(rate, 100)).build();
    int enough = (int) Math.round(rate * 100);

    assertThat(opensAt(config, enough)).isTrue();
    assertThat(opensAt(config, enough - 1)).isFalse();
  }

  private static boolean opensAt(CircuitBreakerConfig config, int failures) {
    Window window = Window.empty((Rate) config.tripPolicy(), 0);
    for (int i = 0; i < 100; i++) {
      window = window.plus(i < failures, 0);
    }
    MachineState s = MachineState.INITIAL.counted(1, 10, window, null);
    return StateMachine.trips(s, config);
  }

  @Test
  void a_lease_lasts_the_time_of_an_operation_and_a_margin() {
    assertThat(StateMachine.lease(CONFIG)).isEqualTo(Duration.ofSeconds(15));
    assertThat(StateMachine.lease(CONFIG.toBuilder().timeout(Duration.ZERO).build()))
        .isEqualTo(Duration.ofSeconds(60));
  }

  @Test
  void a_slow_call_that_opens_the_circuit_says_so() {
    CircuitBreakerConfig config =
        CircuitBreakerConfig.builder()
            .volumeThreshold(1)
            .tripPolicy(TripPolicy.slowCalls(0.5, Duration.ofSeconds(2), 10))
            .build();

    MachineState s =
        StateMachine.settle(
            MachineState.INITIAL, new Outcome(Outcome.Kind.SUCCESS, 3 * SECOND, null), config, 0);

    assertThat(s.state()).isEqualTo(OPEN);
    assertThat(s.lastErrorCode()).isEqualTo("slow");
  }

  @Test
  void a_rejection_holds_until_the_wait_is_over_or_for_ever_where_an_operator_holds() {
    assertThat(StateMachine.rejectsUntil(open(5 * SECOND), CONFIG)).isEqualTo(35 * SECOND);
    assertThat(StateMachine.rejectsUntil(StateMachine.forceOpen(open(0), 5 * SECOND), CONFIG))
        .isGreaterThan(Duration.ofDays(365).toNanos());
  }

  @Test
  void the_failure_that_may_open_is_the_next_one() {
    MachineState nine = after(after(MachineState.INITIAL, Outcome.SUCCESS, 5), FAILED, 4);

    assertThat(StateMachine.isNearOpening(after(MachineState.INITIAL, FAILED, 8), CONFIG))
        .as("the volume is not reached")
        .isFalse();
    assertThat(StateMachine.isNearOpening(after(MachineState.INITIAL, FAILED, 9), CONFIG)).isTrue();
    assertThat(StateMachine.isNearOpening(nine, CONFIG)).isTrue();
    assertThat(StateMachine.isNearOpening(after(nine, Outcome.SUCCESS, 1), CONFIG)).isFalse();
  }

  @Test
  void longer_waits_spread_over_the_whole_jitter() {
    CircuitBreakerConfig config = CONFIG.toBuilder().recoveryBackoff(2.0).build();
    LongSummaryStatistics waits =
        LongStream.range(1, 500)
            .map(
                generation -> {
                  MachineState.Draft draft = open(0).edit();
                  draft.rowGeneration = generation;
                  draft.failedTrials = 1;
                  return StateMachine.waitNanos(draft.freeze(), config);
                })
            .summaryStatistics();

    assertThat(waits.getMin()).isBetween(54 * SECOND, 55 * SECOND);
    assertThat(waits.getMax()).isBetween(65 * SECOND, 66 * SECOND);
    assertThat(waits.getAverage() / SECOND).isBetween(59.5, 60.5);
  }

  @Test
  void a_failed_trial_is_remembered_by_what_it_failed_with_and_a_slow_one_by_that() {
    CircuitBreakerConfig slow =
        CONFIG.toBuilder().tripPolicy(TripPolicy.slowCalls(0.5, Duration.ofSeconds(1), 4)).build();
    MachineState trial = trial(Trial.Phase.RUNNING, 100 * SECOND);
    Outcome late = new Outcome(Outcome.Kind.SUCCESS, 2 * SECOND, null);

    assertThat(StateMachine.settle(trial, FAILED, slow, 0).lastErrorCode()).isEqualTo("Broken");
    assertThat(StateMachine.settle(trial, late, slow, 0).lastErrorCode())
        .isEqualTo(Outcome.SLOW_CODE);
  }
}
