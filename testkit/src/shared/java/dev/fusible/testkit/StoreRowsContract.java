package dev.fusible.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.CircuitBreakerState;
import dev.fusible.CircuitBreakerStore;
import dev.fusible.CircuitBreakerStoreState;
import dev.fusible.Evidence;
import dev.fusible.Hold;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a store promises of single rows: see {@link CircuitBreakerStoreContract}. */
abstract class StoreRowsContract extends StoreContractSteps {

  private static final Evidence EVIDENCE =
      new Evidence(
          List.of(ID, "A.b_c:d-0"), Map.of(ID, Duration.ZERO, "other", Duration.ofSeconds(41)));

  // Reading and creating.

  @Test
  void getStateCreatesTheInitialRow() {
    CircuitBreakerStoreState created = join(store().getState(ID));

    assertThat(created.version()).isEqualTo(1);
    assertSameRow(created, atVersion(CircuitBreakerStoreState.initial(ID), 1));
    assertThat(created.trialRemaining()).isZero();
    assertSameRow(join(store().getState(ID)), created);
  }

  @Test
  void getStatesAnswersAVirtualRowForAnUnknownBusinessAndWritesNothing() {
    CircuitBreakerStore store = store();
    join(store.getState("known"));

    Map<String, CircuitBreakerStoreState> states =
        join(store.getStates(List.of("unknown", "known", "known")));

    assertThat(states).containsOnlyKeys("unknown", "known");
    assertThat(states).containsEntry("unknown", CircuitBreakerStoreState.initial("unknown"));
    assertThat(fromMany(states, "known").version()).isEqualTo(1);
    assertThat(ids(join(store.changedSince(0, 10)))).containsExactly("known");
    assertThat(join(store.getStates(List.of()))).isEmpty();
  }

  @Test
  void getStatesReadsManyAtOnce() {
    CircuitBreakerStore store = store();
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 2_500; i++) {
      ids.add("business-" + i);
    }
    written(store.setState(ids.get(7), open(ids.get(7), 0, Duration.ZERO)));
    written(store.setState(ids.get(2_400), open(ids.get(2_400), 0, Duration.ZERO)));

    Map<String, CircuitBreakerStoreState> states = join(store.getStates(ids));

    assertThat(states).hasSize(2_500);
    assertThat(states.values().stream().filter(row -> row.version() == 1).toList()).hasSize(2);
  }

  static Stream<String> uncommonIds() {
    return Stream.of(
        "a:b",
        "a.b",
        "a_b",
        "A-b",
        "0",
        "-",
        "upstream:llm",
        "x".repeat(128),
        "upstream/llm",
        "upstream/upstream:llm",
        "upstream/" + "x".repeat(128));
  }

  @ParameterizedTest
  @MethodSource("uncommonIds")
  void keepsEveryIdOfTheAlphabet(String id) {
    CircuitBreakerStore store = store();

    assertThat(join(store.getState(id)).businessId()).isEqualTo(id);
    written(store.setState(id, open(id, 1, Duration.ZERO)));
    assertThat(written(store.claimTrial(id, 2, "token", LONG)).businessId()).isEqualTo(id);
    assertThat(join(store.getStates(List.of(id)))).containsOnlyKeys(id);
    assertThat(ids(join(store.changedSince(0, 10)))).containsExactly(id);
  }

  @Test
  void tellsIdsApartThatDifferInCaseOnly() {
    CircuitBreakerStore store = store();
    written(store.setState("Business", open("Business", 0, Duration.ZERO)));

    assertThat(join(store.getState("business")).state()).isEqualTo(CircuitBreakerState.CLOSED);
  }

  @Test
  void aBusinessAndAnUpstreamOfTheSameNameDoNotAffectEachOther() {
    CircuitBreakerStore store = store();
    CircuitBreakerStoreState business = join(store.getState("llm"));

    CircuitBreakerStoreState open =
        written(store.setState("upstream/llm", open("upstream/llm", 0, Duration.ZERO)));
    written(store.claimTrial("upstream/llm", 1, "token", LONG));

    assertThat(open.businessId()).isEqualTo("upstream/llm");
    assertThat(join(store.getState("llm"))).isEqualTo(business);
    Map<String, CircuitBreakerStoreState> both =
        join(store.getStates(List.of("llm", "upstream/llm", "upstream/other")));
    assertThat(both).containsOnlyKeys("llm", "upstream/llm", "upstream/other");
    assertThat(fromMany(both, "llm").state()).isEqualTo(CircuitBreakerState.CLOSED);
    assertThat(fromMany(both, "upstream/llm").state()).isEqualTo(CircuitBreakerState.HALF_OPEN);
    assertThat(fromMany(both, "upstream/other").version()).isZero();
    assertThat(ids(join(store.changedSince(0, 10)))).containsExactly("llm", "upstream/llm");
  }

  // Compare-and-set.

  @Test
  void everyFieldComesBackAsItWasWritten() {
    CircuitBreakerStoreState state =
        new CircuitBreakerStoreState(
            ID,
            CircuitBreakerState.OPEN,
            7,
            Integer.MAX_VALUE,
            Long.MAX_VALUE - 1,
            0,
            Duration.ofSeconds(42),
            3,
            Instant.parse("2026-11-24T10:11:12.345Z"),
            "java.net.http.HttpTimeoutException",
            Hold.OPEN,
            "a-token",
            LONG,
            "a-write",
            EVIDENCE);

    CircuitBreakerStoreState written = written(store().setState(ID, state));
    CircuitBreakerStoreState read = join(store().getState(ID));

    for (CircuitBreakerStoreState row : List.of(written, read)) {
      assertSameRow(row, atVersion(state, 1));
      assertThat(row.openedFor()).isBetween(Duration.ofSeconds(42), Duration.ofSeconds(60));
      assertThat(row.trialRemaining()).isBetween(LONG.minusSeconds(20), LONG);
    }
  }

  @ParameterizedTest
  @EnumSource(Hold.class)
  void keepsTheHold(Hold hold) {
    CircuitBreakerStore store = store();
    CircuitBreakerStoreState held = open(ID, 0, Duration.ZERO, hold, "code");

    assertThat(written(store.setState(ID, held)).hold()).isEqualTo(hold);
    assertThat(join(store.getState(ID)).hold()).isEqualTo(hold);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 500})
  void keepsAnErrorCodeOfAnyLength(int length) {
    CircuitBreakerStore store = store();
    String code = "e".repeat(length);
    CircuitBreakerStoreState failed = open(ID, 0, Duration.ZERO, Hold.NONE, code);

    assertThat(written(store.setState(ID, failed)).lastErrorCode()).isEqualTo(code);
    assertThat(written(store.setState(ID, closed(ID, 1, 0, "w"))).lastErrorCode()).isNull();
  }

  @Test
  void aWriteRaisesTheVersionByExactlyOne() {
    CircuitBreakerStore store = store();
    for (int version = 0; version < 5; version++) {
      CircuitBreakerStoreState row =
          written(store.setState(ID, closed(ID, version, version, "w" + version)));
      assertThat(row.version()).isEqualTo(version + 1);
      assertThat(row.writeId()).isEqualTo("w" + version);
    }
    assertThat(join(store.getState(ID)).version()).isEqualTo(5);
  }

  @Test
  void aWriteFromAnOldVersionIsStaleAndAnswersTheRowAsItIs() {
    CircuitBreakerStore one = store();
    CircuitBreakerStore two = store();
    written(one.setState(ID, closed(ID, 0, 1, "first")));
    CircuitBreakerStoreState open = written(two.setState(ID, open(ID, 1, Duration.ZERO)));

    assertSameRow(stale(one.setState(ID, closed(ID, 1, 0, "late"))), open);
    assertSameRow(stale(one.setState(ID, closed(ID, 0, 0, "late"))), open);
    assertSameRow(stale(one.setState(ID, closed(ID, 3, 0, "early"))), open);
    assertSameRow(join(one.getState(ID)), open);
  }

  @Test
  void aWriteToARowThatIsNotThereIsStaleUnlessItIsTheFirst() {
    CircuitBreakerStore store = store();

    assertThat(stale(store.setState(ID, closed(ID, 4, 0, "w"))))
        .isEqualTo(CircuitBreakerStoreState.initial(ID));
    assertThat(join(store.changedSince(0, 10)).states()).isEmpty();
  }

  @Test
  void aWriteGoesToTheBusinessThatIsNamedWhateverTheStateSays() {
    CircuitBreakerStore store = store();

    assertThat(written(store.setState(ID, closed("other", 0, 1, "w"))).businessId()).isEqualTo(ID);
    assertThat(fromMany(join(store.getStates(List.of("other"))), "other").version()).isZero();
  }

  @Test
  void aCircuitAgesByTheStoresClock() {
    CircuitBreakerStore store = store();
    Duration openedFor = Duration.ofSeconds(10);
    written(store.setState(ID, open(ID, 0, openedFor)));

    advance(MORE_THAN_SHORT);

    Duration least = openedFor.plus(MORE_THAN_SHORT).minusMillis(20);
    Duration most = openedFor.plusSeconds(20);
    assertThat(join(store.getState(ID)).openedFor()).isBetween(least, most);
    assertThat(fromMany(join(store.getStates(List.of(ID))), ID).openedFor()).isBetween(least, most);
    assertThat(join(store.changedSince(0, 1)).states().get(0).openedFor()).isBetween(least, most);
  }

  @Test
  void evidenceAgesByTheStoresClockAndIsKeptByAClaim() {
    CircuitBreakerStore store = store();
    written(store.setState(ID, withEvidence(open(ID, 0, Duration.ZERO), EVIDENCE)));

    advance(MORE_THAN_SHORT);
    written(store.claimTrial(ID, 1, "token", LONG));
    advance(MORE_THAN_SHORT);

    Evidence kept = join(store.getState(ID)).evidence();
    assertThat(kept.failed()).isEqualTo(EVIDENCE.failed());
    Duration later = MORE_THAN_SHORT.multipliedBy(2).minusMillis(20);
    EVIDENCE
        .active()
        .forEach(
            (business, ago) ->
                assertThat(kept.active().get(business))
                    .isBetween(ago.plus(later), ago.plusSeconds(20)));
    written(store.setState(ID, open(ID, 2, Duration.ZERO)));
    assertThat(fromMany(join(store.getStates(List.of(ID))), ID).evidence())
        .isEqualTo(Evidence.NONE);
  }

  @Test
  void businessesDoNotAffectEachOther() {
    CircuitBreakerStore store = store();
    CircuitBreakerStoreState other = join(store.getState("other"));

    written(store.setState(ID, open(ID, 0, Duration.ZERO)));
    written(store.claimTrial(ID, 1, "token", LONG));

    assertThat(join(store.getState("other"))).isEqualTo(other);
  }

  private static CircuitBreakerStoreState fromMany(
      Map<String, CircuitBreakerStoreState> states, String id) {
    return Objects.requireNonNull(states.get(id), id);
  }

  private static CircuitBreakerStoreState withEvidence(
      CircuitBreakerStoreState row, Evidence evidence) {
    return new CircuitBreakerStoreState(
        row.businessId(),
        row.state(),
        row.failureCount(),
        row.requestCount(),
        row.generation(),
        row.version(),
        row.openedFor(),
        row.failedTrials(),
        row.lastStateChange(),
        row.lastErrorCode(),
        row.hold(),
        row.trialToken(),
        row.trialRemaining(),
        row.writeId(),
        evidence);
  }

  private static CircuitBreakerStoreState atVersion(CircuitBreakerStoreState row, long version) {
    return new CircuitBreakerStoreState(
        row.businessId(),
        row.state(),
        row.failureCount(),
        row.requestCount(),
        row.generation(),
        version,
        row.openedFor(),
        row.failedTrials(),
        row.lastStateChange(),
        row.lastErrorCode(),
        row.hold(),
        row.trialToken(),
        row.trialRemaining(),
        row.writeId(),
        row.evidence());
  }
}
