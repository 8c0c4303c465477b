package dev.fusible;

import static dev.fusible.CircuitBreakerState.CLOSED;
import static dev.fusible.CircuitBreakerState.HALF_OPEN;
import static dev.fusible.CircuitBreakerState.OPEN;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** What of local knowledge stands when a row arrives. */
class StoreMergeTest {

  private static final CircuitBreakerConfig CONFIG = CircuitBreakerConfig.defaults();
  private static final long NOW = 1_000_000_000_000L;

  private static final class Row {
    CircuitBreakerState state = CLOSED;
    int failures;
    int requests;
    long generation;
    long version = 1;
    Duration openedFor;
    Hold hold = Hold.NONE;
    String token;
    Duration remaining = Duration.ZERO;

    CircuitBreakerStoreState build() {
      return new CircuitBreakerStoreState(
          "b",
          state,
          failures,
          requests,
          generation,
          version,
          openedFor,
          0,
          Instant.EPOCH,
          "Theirs",
          hold,
          token,
          remaining,
          "write");
    }
  }

  private static Row row(CircuitBreakerState state, long generation, long version) {
    Row row = new Row();
    row.state = state;
    row.generation = generation;
    row.version = version;
    return row;
  }

  private static MachineState read(Row row) {
    return StoreMerge.rebased(MachineState.INITIAL, row.build(), CONFIG, NOW);
  }

  private static MachineState counted(MachineState s, int failures) {
    MachineState next = s;
    for (int i = 0; i < failures; i++) {
      next = StateMachine.settle(next, new Outcome(Outcome.Kind.FAILURE, 0, "Ours"), CONFIG, NOW);
    }
    return next;
  }

  private static MachineState rebased(MachineState s, Row row) {
    return StoreMerge.rebased(s, row.build(), CONFIG, NOW);
  }

  @Test
  void failures_of_both_add_up() {
    Row first = row(CLOSED, 0, 1);
    first.failures = 1;
    first.requests = 1;
    MachineState ours = counted(read(first), 2);
    Row theirs = row(CLOSED, 0, 2);
    theirs.failures = 4;
    theirs.requests = 4;

    MachineState sum = rebased(ours, theirs);

    assertThat(sum.failureCount()).isEqualTo(6);
    assertThat(sum.requestCount()).isEqualTo(6);
    assertThat(sum.isDirty()).isTrue();
    assertThat(sum.lastErrorCode()).isEqualTo("Ours");
    assertThat(sum.generation()).as("what runs still counts").isEqualTo(ours.generation());
  }

  @Test
  void a_sum_that_reaches_the_threshold_opens() {
    MachineState ours = counted(read(row(CLOSED, 0, 1)), 6);
    Row theirs = row(CLOSED, 0, 2);
    theirs.failures = 4;
    theirs.requests = 4;

    MachineState sum = rebased(ours, theirs);

    assertThat(sum.state()).isEqualTo(OPEN);
    assertThat(sum.needsWriteAtOnce()).isTrue();
  }

  @Test
  void a_success_since_then_forgets_what_the_row_says() {
    Row first = row(CLOSED, 0, 1);
    first.failures = 4;
    MachineState ours = counted(StateMachine.settle(read(first), Outcome.SUCCESS, CONFIG, NOW), 1);
    Row theirs = row(CLOSED, 0, 2);
    theirs.failures = 6;

    assertThat(rebased(ours, theirs).failureCount()).isEqualTo(1);
  }

  @Test
  void the_first_success_forgets_failures_of_a_row_that_was_not_read_yet() {
    MachineState ours = StateMachine.settle(MachineState.INITIAL, Outcome.SUCCESS, CONFIG, NOW);
    Row first = row(CLOSED, 3, 9);
    first.failures = 4;

    MachineState s = rebased(ours, first);

    assertThat(s.failureCount()).isZero();
    assertThat(s.isDirty()).as("the row has failures that are over").isTrue();
  }

  @Test
  void a_first_success_writes_nothing_where_there_is_nothing_to_forget() {
    MachineState ours = StateMachine.settle(MachineState.INITIAL, Outcome.SUCCESS, CONFIG, NOW);

    assertThat(rebased(ours, row(CLOSED, 3, 9)).isDirty()).isFalse();
  }

  @Test
  void a_row_of_another_generation_is_adopted_and_fences_what_runs() {
    MachineState ours = counted(read(row(CLOSED, 0, 1)), 3);
    Row theirs = row(OPEN, 1, 5);
    theirs.failures = 10;
    theirs.openedFor = Duration.ofSeconds(12);

    MachineState s = rebased(ours, theirs);

    assertThat(s.state()).isEqualTo(OPEN);
    assertThat(s.generation()).isGreaterThan(ours.generation());
    assertThat(s.openedAtNanos()).isEqualTo(NOW - Duration.ofSeconds(12).toNanos());
    assertThat(s.failureCount()).isEqualTo(10);
    assertThat(s.isDirty()).isFalse();
    assertThat(s.lastStateChange()).isEqualTo(Instant.EPOCH);
  }

  @Test
  void a_trip_of_our_own_stands_over_counts_of_the_same_generation() {
    MachineState ours = counted(read(row(CLOSED, 0, 1)), 10);
    Row theirs = row(CLOSED, 0, 2);
    theirs.failures = 1;

    MachineState s = rebased(ours, theirs);

    assertThat(s.state()).isEqualTo(OPEN);
    assertThat(s.needsWriteAtOnce()).isTrue();
    assertThat(s.persisted().version()).isEqualTo(2);
  }

  @Test
  void an_order_stands_over_everything() {
    MachineState ours = StateMachine.forceClosed(read(row(CLOSED, 0, 1)));
    Row theirs = row(OPEN, 8, 20);
    theirs.openedFor = Duration.ZERO;

    MachineState s = rebased(ours, theirs);

    assertThat(s.state()).isEqualTo(CLOSED);
    assertThat(s.hold()).isEqualTo(Hold.CLOSED);
    assertThat(s.needsWriteAtOnce()).isTrue();
    assertThat(s.rowGeneration()).isGreaterThan(8);
  }

  @Test
  void an_order_is_done_when_a_later_state_is_acknowledged() {
    MachineState read = read(row(CLOSED, 0, 1));
    MachineState ordered = StateMachine.reset(read);
    MachineState tripped = counted(ordered, 10);

    MachineState s = StoreMerge.acknowledged(tripped, ordered, row(CLOSED, 1, 2).build(), NOW);

    assertThat(s.isCommanded()).as("what came after it is no order").isFalse();
    assertThat(s.needsWriteAtOnce()).isTrue();
  }

  @Test
  void a_newer_order_is_not_done_when_an_older_one_is_acknowledged() {
    MachineState first = StateMachine.forceOpen(read(row(CLOSED, 0, 1)), NOW);
    MachineState second = StateMachine.forceClosed(first);
    Row written = row(OPEN, 1, 2);
    written.openedFor = Duration.ZERO;

    MachineState s = StoreMerge.acknowledged(second, first, written.build(), NOW);

    assertThat(s.isCommanded()).isTrue();
  }

  private static MachineState trial(Trial.Phase phase) {
    Row open = row(OPEN, 1, 5);
    open.openedFor = Duration.ofSeconds(30);
    Row claimed = row(HALF_OPEN, 2, 6);
    claimed.token = "ours";
    claimed.remaining = Duration.ofSeconds(15);
    MachineState claiming = read(open).withTrial(new Trial("ours", Trial.Phase.CLAIMING, NOW + 1));
    return StoreMerge.granted(
        claiming, new Trial("ours", phase, NOW + 15_000_000_000L), claimed.build());
  }

  @Test
  void a_granted_trial_is_as_the_row_says() {
    MachineState s = trial(Trial.Phase.READY);

    assertThat(s.state()).isEqualTo(HALF_OPEN);
    assertThat(s.isDirty()).isFalse();
    assertThat(s.persisted().version()).isEqualTo(6);
  }

  @Test
  void a_trial_goes_on_while_the_row_carries_its_token() {
    MachineState ours = trial(Trial.Phase.RUNNING);
    Row same = row(HALF_OPEN, 2, 7);
    same.token = "ours";
    same.remaining = Duration.ofSeconds(10);

    MachineState s = rebased(ours, same);

    assertThat(s.trial()).isEqualTo(ours.trial());
    assertThat(s.generation()).isEqualTo(ours.generation());
    assertThat(s.isDirty()).isFalse();
  }

  @Test
  void a_trial_whose_lease_went_to_another_is_fenced() {
    MachineState ours = trial(Trial.Phase.RUNNING);
    Row stolen = row(HALF_OPEN, 3, 7);
    stolen.token = "theirs";
    stolen.remaining = Duration.ofSeconds(15);

    MachineState s = rebased(ours, stolen);

    assertThat(s.trial().phase()).isEqualTo(Trial.Phase.ELSEWHERE);
    assertThat(s.generation()).isGreaterThan(ours.generation());
  }

  @Test
  void the_result_of_a_trial_stands_while_the_row_carries_its_token() {
    MachineState settled =
        StateMachine.settle(trial(Trial.Phase.RUNNING), Outcome.SUCCESS, CONFIG, NOW);
    Row same = row(HALF_OPEN, 2, 7);
    same.token = "ours";

    MachineState s = rebased(settled, same);

    assertThat(s.state()).isEqualTo(CLOSED);
    assertThat(s.needsWriteAtOnce()).isTrue();
  }

  @Test
  void what_came_after_a_trials_result_stands_too() {
    MachineState settled =
        StateMachine.settle(trial(Trial.Phase.RUNNING), Outcome.SUCCESS, CONFIG, NOW);
    MachineState reopened =
        counted(settled, 10).withTrial(new Trial("next", Trial.Phase.CLAIMING, NOW + 1));
    Row same = row(HALF_OPEN, 2, 7);
    same.token = "ours";

    MachineState s = rebased(reopened, same);

    assertThat(s.state()).isEqualTo(OPEN);
    assertThat(s.needsWriteAtOnce()).isTrue();
  }

  @Test
  void the_result_of_a_trial_is_dropped_where_another_holds_the_lease() {
    MachineState settled =
        StateMachine.settle(trial(Trial.Phase.RUNNING), Outcome.SUCCESS, CONFIG, NOW);
    Row stolen = row(HALF_OPEN, 3, 7);
    stolen.token = "theirs";
    stolen.remaining = Duration.ofSeconds(15);

    MachineState s = rebased(settled, stolen);

    assertThat(s.state()).isEqualTo(HALF_OPEN);
    assertThat(s.settledToken()).isNull();
  }

  @Test
  void a_lease_that_is_granted_too_late_for_an_order_is_given_back() {
    MachineState ordered = StateMachine.reset(read(row(OPEN, 1, 5)));
    Row claimed = row(HALF_OPEN, 2, 6);
    claimed.token = "ours";

    MachineState s =
        StoreMerge.granted(ordered, new Trial("ours", Trial.Phase.READY, NOW + 1), claimed.build());

    assertThat(s.state()).isEqualTo(CLOSED);
    assertThat(s.rowGeneration()).isGreaterThan(2);
    assertThat(s.needsWriteAtOnce()).isTrue();
  }

  @Test
  void ages_that_no_clock_gives_do_no_harm() {
    Row ancient = row(OPEN, 1, 5);
    ancient.openedFor = Duration.ofSeconds(Long.MAX_VALUE);
    assertThat(StateMachine.admission(read(ancient), CONFIG, NOW)).isEqualTo(Admission.CLAIM);

    Row future = row(OPEN, 1, 5);
    future.openedFor = Duration.ofHours(-5);
    assertThat(StateMachine.remainingWaitNanos(read(future), CONFIG, NOW))
        .isEqualTo(Duration.ofSeconds(30).toNanos());

    Row none = row(OPEN, 1, 5);
    assertThat(StateMachine.remainingWaitNanos(read(none), CONFIG, NOW))
        .isEqualTo(Duration.ofSeconds(30).toNanos());

    Row endless = row(HALF_OPEN, 1, 5);
    endless.token = "t";
    endless.remaining = Duration.ofSeconds(Long.MAX_VALUE);
    assertThat(StateMachine.admission(read(endless), CONFIG, NOW)).isEqualTo(Admission.REJECT);
    endless.remaining = Duration.ofHours(-5);
    assertThat(StateMachine.admission(read(endless), CONFIG, NOW)).isEqualTo(Admission.CLAIM);
  }

  @Test
  void an_acknowledged_trip_waits_by_the_stores_clock() {
    MachineState ours = counted(read(row(CLOSED, 0, 1)), 10);
    Row written = row(OPEN, 1, 2);
    written.openedFor = Duration.ofMillis(100);

    MachineState s = StoreMerge.acknowledged(ours, ours, written.build(), NOW + 500_000_000L);

    assertThat(s.openedAtNanos()).isEqualTo(NOW + 400_000_000L);
  }

  @Test
  void the_later_of_two_openings_counts_also_where_the_clock_runs_over() {
    MachineState.Draft draft = counted(read(row(CLOSED, 0, 1)), 10).edit();
    draft.openedAtNanos = Long.MAX_VALUE - 10;
    MachineState ours = draft.freeze();
    Row written = row(OPEN, 1, 2);
    written.openedFor = Duration.ZERO;

    assertThat(
            StoreMerge.acknowledged(ours, ours, written.build(), Long.MIN_VALUE + 5)
                .openedAtNanos())
        .isEqualTo(Long.MIN_VALUE + 5);
    written.openedFor = Duration.ofNanos(100);
    assertThat(
            StoreMerge.acknowledged(ours, ours, written.build(), Long.MIN_VALUE + 5)
                .openedAtNanos())
        .isEqualTo(Long.MAX_VALUE - 10);
  }

  @Test
  void a_result_that_came_after_what_was_written_is_still_to_be_written() {
    MachineState.Draft draft = read(row(HALF_OPEN, 1, 1)).edit();
    draft.settledToken = "first";
    MachineState written = draft.freeze();
    draft = written.edit();
    draft.settledToken = "second";
    CircuitBreakerStoreState row = row(OPEN, 2, 2).build();

    assertThat(StoreMerge.acknowledged(written, written, row, NOW).settledToken()).isNull();
    assertThat(StoreMerge.acknowledged(draft.freeze(), written, row, NOW).settledToken())
        .isEqualTo("second");
  }

  @Test
  void when_a_closed_circuit_last_changed_is_what_the_row_says() {
    MachineState ours = counted(MachineState.INITIAL, 1);
    assertThat(ours.lastStateChange()).isNull();

    assertThat(rebased(ours, row(CLOSED, 0, 1)).lastStateChange()).isEqualTo(Instant.EPOCH);
  }

  @Test
  void a_claim_under_way_outlives_a_row_of_the_same_opening_and_no_other() {
    Trial claiming = new Trial("mine", Trial.Phase.CLAIMING, NOW + 1);
    MachineState ours = read(row(OPEN, 1, 5)).withTrial(claiming);

    assertThat(rebased(ours, row(OPEN, 1, 6)).trial()).isEqualTo(claiming);
    assertThat(rebased(ours, row(OPEN, 2, 6)).trial()).isNull();
    assertThat(rebased(ours, row(HALF_OPEN, 1, 6)).trial()).isNull();
  }
}
