package dev.fusible.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.CircuitBreakerState;
import dev.fusible.CircuitBreakerStore;
import dev.fusible.CircuitBreakerStoreState;
import dev.fusible.Page;
import dev.fusible.WriteResult.Written;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What every {@link CircuitBreakerStore} promises. Extend it in a JUnit test class of your own
 * store, with {@link #openStore} and {@link #advance}; each test must find empty data. The tests
 * wait 300 ms at most through {@link #advance}, and keep margins for a slow machine.
 */
public abstract class CircuitBreakerStoreContract extends StoreRowsContract {

  /** For subclasses. */
  protected CircuitBreakerStoreContract() {}

  // The trial.

  @Test
  void aClaimTakesTheTrial() {
    CircuitBreakerStore store = store();
    CircuitBreakerStoreState open = written(store.setState(ID, open(ID, 0, LONG)));

    CircuitBreakerStoreState claimed = written(store.claimTrial(ID, 1, "token", LONG));

    assertThat(claimed.state()).isEqualTo(CircuitBreakerState.HALF_OPEN);
    assertThat(claimed.version()).isEqualTo(2);
    assertThat(claimed.generation()).isEqualTo(open.generation() + 1);
    assertThat(claimed.trialToken()).isEqualTo("token");
    assertThat(claimed.trialRemaining()).isBetween(LONG.minusSeconds(20), LONG);
    assertThat(claimed.writeId()).isEqualTo("token");
    assertThat(claimed.openedFor()).isNull();
    assertThat(claimed.lastStateChange()).isNotNull();
    assertThat(claimed.failureCount()).isEqualTo(open.failureCount());
    assertThat(claimed.requestCount()).isEqualTo(open.requestCount());
    assertThat(claimed.lastErrorCode()).isEqualTo(open.lastErrorCode());
    assertSameRow(join(store().getState(ID)), claimed);
  }

  @Test
  void aClaimOfACircuitWithoutARowMakesIt() {
    CircuitBreakerStore store = store();

    CircuitBreakerStoreState claimed = written(store.claimTrial(ID, 0, "token", LONG));

    assertThat(claimed.version()).isEqualTo(1);
    assertThat(claimed.generation()).isEqualTo(1);
    assertThat(claimed.state()).isEqualTo(CircuitBreakerState.HALF_OPEN);
    assertSameRow(stale(store.claimTrial(ID, 0, "late", LONG)), claimed);
  }

  @Test
  void aHeldLeaseCanNotBeClaimedEvenAtTheCurrentVersion() {
    CircuitBreakerStore store = store();
    written(store.setState(ID, open(ID, 0, LONG)));
    CircuitBreakerStoreState claimed = written(store.claimTrial(ID, 1, "first", LONG));

    CircuitBreakerStoreState current = stale(store().claimTrial(ID, 2, "second", LONG));

    assertSameRow(current, claimed);
    assertThat(current.trialRemaining()).isPositive();
  }

  @Test
  void aLeaseThatRanOutCanBeClaimed() {
    CircuitBreakerStore store = store();
    written(store.setState(ID, open(ID, 0, LONG)));
    written(store.claimTrial(ID, 1, "first", SHORT));

    advance(MORE_THAN_SHORT);

    assertThat(join(store.getState(ID)).trialRemaining()).isZero();
    CircuitBreakerStoreState claimed = written(store.claimTrial(ID, 2, "second", LONG));
    assertThat(claimed.trialToken()).isEqualTo("second");
    assertThat(claimed.version()).isEqualTo(3);
    assertThat(claimed.generation()).isEqualTo(3);
  }

  @Test
  void aClaimAtAnotherVersionIsStale() {
    CircuitBreakerStore store = store();
    CircuitBreakerStoreState open = written(store.setState(ID, open(ID, 0, LONG)));

    assertSameRow(stale(store.claimTrial(ID, 0, "late", LONG)), open);
    assertSameRow(stale(store.claimTrial(ID, 2, "early", LONG)), open);
    assertThat(stale(store.claimTrial("unknown", 3, "token", LONG)))
        .isEqualTo(CircuitBreakerStoreState.initial("unknown"));
  }

  @Test
  void aFreedLeaseCanBeClaimedAtOnce() {
    CircuitBreakerStore store = store();
    CircuitBreakerStoreState claimed = written(store.claimTrial(ID, 0, "first", LONG));

    CircuitBreakerStoreState freed =
        written(store.setState(ID, leased(claimed, null, Duration.ZERO)));

    assertThat(freed.trialToken()).isNull();
    assertThat(freed.trialRemaining()).isZero();
    assertThat(written(store.claimTrial(ID, 2, "second", LONG)).trialToken()).isEqualTo("second");
  }

  @Test
  void aWriteWithAPositiveRemainderKeepsTheLease() {
    CircuitBreakerStore store = store();
    CircuitBreakerStoreState claimed = written(store.claimTrial(ID, 0, "first", LONG));

    CircuitBreakerStoreState kept = written(store.setState(ID, leased(claimed, "first", LONG)));

    assertThat(kept.trialRemaining()).isBetween(LONG.minusSeconds(20), LONG);
    assertSameRow(stale(store.claimTrial(ID, 2, "second", LONG)), kept);
  }

  // What others changed.

  @Test
  void changesComeOldestFirstInPages() {
    CircuitBreakerStore store = store();
    for (String id : List.of("a", "b", "c", "d", "e")) {
      join(store.getState(id));
    }
    written(store.setState("b", open("b", 1, Duration.ZERO)));

    Page first = join(store.changedSince(0, 2));
    Page second = join(store.changedSince(first.cursor(), 2));
    Page third = join(store.changedSince(second.cursor(), 2));

    List<String> all = Stream.of(first, second, third).flatMap(page -> ids(page).stream()).toList();
    assertThat(all).containsExactly("a", "c", "d", "e", "b");
    assertThat(third.states().get(0).version()).isEqualTo(2);
    Page end = join(store.changedSince(third.cursor(), 2));
    assertThat(end.states()).isEmpty();
    assertThat(end.cursor()).isEqualTo(third.cursor());
  }

  @Test
  void theEndIsACursorThatOnlyLaterChangesPass() {
    CircuitBreakerStore store = store();
    assertThat(join(store.changedSince(-1, 10)).cursor()).isNotNegative();
    join(store.getState("before"));

    Page end = join(store.changedSince(-1, 10));

    assertThat(end.states()).isEmpty();
    assertThat(join(store.changedSince(end.cursor(), 10)).states()).isEmpty();
    written(store().setState("after", open("after", 0, Duration.ZERO)));
    assertThat(ids(join(store.changedSince(end.cursor(), 10)))).containsExactly("after");
  }

  @Test
  void aReaderWhoFollowsWritersMissesNoChange() throws Exception {
    List<CircuitBreakerStore> writers = List.of(store(), store(), store(), store());
    CircuitBreakerStore reader = store();
    ExecutorService threads = Executors.newFixedThreadPool(writers.size());
    Map<String, Long> seen = new HashMap<>();
    try {
      List<Future<?>> writing = new ArrayList<>();
      for (int w = 0; w < writers.size(); w++) {
        CircuitBreakerStore writer = writers.get(w);
        String prefix = "writer-" + w + "-";
        writing.add(threads.submit(() -> writeFiveRowsTenTimes(writer, prefix)));
      }
      long cursor = 0;
      boolean last = false;
      while (!last) {
        last = writing.stream().allMatch(Future::isDone);
        Page page = join(reader.changedSince(cursor, 7));
        page.states().forEach(row -> seen.merge(row.businessId(), row.version(), Math::max));
        last = last && page.cursor() == cursor;
        cursor = page.cursor();
      }
      for (Future<?> done : writing) {
        done.get();
      }
    } finally {
      threads.shutdown();
    }
    assertThat(seen).hasSize(20).allSatisfy((id, version) -> assertThat(version).isEqualTo(10));
  }

  private static void writeFiveRowsTenTimes(CircuitBreakerStore store, String prefix) {
    for (int version = 0; version < 10; version++) {
      for (int row = 0; row < 5; row++) {
        String id = prefix + row;
        written(store.setState(id, closed(id, version, version, "w")));
      }
    }
  }

  // Races.

  @Test
  void ofSixteenRacingWritesOneWinsAVersion() throws Exception {
    List<CircuitBreakerStore> stores = List.of(store(), store(), store(), store());
    for (int round = 0; round < 10; round++) {
      long version = round;
      List<CircuitBreakerStoreState> winners =
          winners(
              stores,
              (store, racer) -> store.setState(ID, closed(ID, version, racer, "racer-" + racer)));
      assertThat(winners).hasSize(1);
      CircuitBreakerStoreState winner = winners.get(0);
      assertThat(winner.version()).isEqualTo(version + 1);
      assertThat(winner.writeId()).isEqualTo("racer-" + winner.failureCount());
      assertSameRow(join(stores.get(1).getState(ID)), winner);
    }
  }

  @Test
  void aWonWriteAnswersItsOwnRowHoweverManyFollow() throws Exception {
    List<CircuitBreakerStore> stores = List.of(store(), store(), store(), store());
    winners(
        stores,
        (store, racer) -> {
          String own = "racer-" + racer;
          for (long version = 0; version < 20; version++) {
            if (join(store.setState(ID, closed(ID, version, racer, own))) instanceof Written won) {
              assertSameRow(won.state(), closed(ID, version + 1, racer, own));
            }
          }
          return store.setState(ID, closed(ID, -1, racer, own));
        });
  }

  @Test
  void ofSixteenRacingClaimsOneWins() throws Exception {
    List<CircuitBreakerStore> stores = List.of(store(), store(), store(), store());
    for (int round = 0; round < 10; round++) {
      String id = "business-" + round;
      written(stores.get(0).setState(id, open(id, 0, LONG)));
      List<CircuitBreakerStoreState> winners =
          winners(stores, (store, racer) -> store.claimTrial(id, 1, "racer-" + racer, LONG));
      assertThat(winners).hasSize(1);
      assertSameRow(join(stores.get(1).getState(id)), winners.get(0));
    }
  }

  // The end.

  @Test
  void aClosedStoreFails() {
    CircuitBreakerStore store = store();
    join(store.getState(ID));

    store.close();
    store.close();

    assertFails(store.getState(ID));
    assertFails(store.getStates(List.of(ID)));
    assertFails(store.setState(ID, closed(ID, 1, 0, "w")));
    assertFails(store.claimTrial(ID, 1, "token", LONG));
    assertFails(store.changedSince(0, 10));
  }
}
