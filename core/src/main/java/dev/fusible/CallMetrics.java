package dev.fusible;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What a circuit counts. Thread-safe. A reset only remembers what had been counted by then, so that
 * no call that is under way is lost from sight. Counts of what a healthy circuit never sees take no
 * room until it happens.
 */
abstract class CallMetrics extends CallTally {

  /** What is counted seldom. */
  enum Count {
    FAILED,
    TIMEOUTS,
    STATE_CHANGES,
    LATE_RESULTS,
    /** Attempts that settled without counting: ignored ones, and those of an older generation. */
    UNCOUNTED
  }

  private static final int COUNTS = Count.values().length;

  /** What had been counted at one moment. */
  private record Sum(
      long started,
      long succeeded,
      long failed,
      long timeouts,
      long spoken,
      long stateChanges,
      long lateResults) {

    static final Sum ZERO = new Sum(0, 0, 0, 0, 0, 0, 0);
  }

  private volatile @Nullable AtomicLongArray counts;

  /** Sentences, as calls that begin: an open circuit speaks one for each call. */
  private volatile @Nullable CallTally spoken;

  private volatile Sum zero = Sum.ZERO;

  final void add(Count count) {
    AtomicLongArray present = counts;
    (present != null ? present : made()).incrementAndGet(count.ordinal());
  }

  private synchronized AtomicLongArray made() {
    AtomicLongArray present = counts;
    if (present == null) {
      present = new AtomicLongArray(COUNTS);
      counts = present;
    }
    return present;
  }

  /** A result came after its attempt had lost its say: it counts here, and among {@code all}. */
  final void cameLate(LongAdder all) {
    add(Count.LATE_RESULTS);
    all.increment();
  }

  /** A sentence is spoken in place of an answer. */
  final void countSentence() {
    CallTally present = spoken;
    int unused = (present != null ? present : madeSpoken()).start();
  }

  private synchronized CallTally madeSpoken() {
    CallTally present = spoken;
    if (present == null) {
      present = new CallTally();
      spoken = present;
    }
    return present;
  }

  private long get(Count count) {
    AtomicLongArray present = counts;
    return present == null ? 0 : present.get(count.ordinal());
  }

  /** Attempts that have begun and not settled. */
  final long inFlight() {
    long settled = settled();
    return started() - settled;
  }

  private long settled() {
    return succeeded() + get(Count.FAILED) + get(Count.UNCOUNTED);
  }

  final void count(Outcome outcome) {
    switch (outcome.kind()) {
      case SUCCESS -> succeed();
      case IGNORED -> add(Count.UNCOUNTED);
      case FAILURE -> add(Count.FAILED);
      case TIMEOUT -> {
        add(Count.TIMEOUTS);
        add(Count.FAILED);
      }
    }
  }

  /** Begins anew, with the calls that are under way. */
  final void resetMetrics() {
    long settled = settled();
    Sum now = sum();
    zero =
        new Sum(
            settled,
            now.succeeded,
            now.failed,
            now.timeouts,
            now.spoken,
            now.stateChanges,
            now.lateResults);
  }

  private Sum sum() {
    CallTally sentences = spoken;
    return new Sum(
        started(),
        succeeded(),
        get(Count.FAILED),
        get(Count.TIMEOUTS),
        sentences == null ? 0 : sentences.started(),
        get(Count.STATE_CHANGES),
        get(Count.LATE_RESULTS));
  }

  final CircuitBreakerMetrics reading(MachineState state) {
    Sum from = zero;
    Sum now = sum();
    long successes = now.succeeded - from.succeeded;
    long failures = now.failed - from.failed;
    double settled = successes + failures;
    return new CircuitBreakerMetrics(
        now.started - from.started,
        successes,
        failures,
        now.timeouts - from.timeouts,
        now.spoken - from.spoken,
        now.stateChanges - from.stateChanges,
        now.lateResults - from.lateResults,
        settled == 0 ? 0.0 : successes / settled,
        settled == 0 ? 0.0 : failures / settled,
        state.state(),
        state.lastStateChange());
  }
}
