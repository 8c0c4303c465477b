package dev.fusible;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What a circuit counts. Thread-safe. A reset begins a new one; running attempts settle in the one
 * they began in. Counts of what a healthy circuit never sees take no room until it happens.
 */
final class CallMetrics extends CallTally {

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

  private volatile @Nullable AtomicLongArray counts;

  /** Sentences, as calls that begin: an open circuit speaks one for each call. */
  private volatile @Nullable CallTally spoken;

  void add(Count count) {
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
  void cameLate(LongAdder all) {
    add(Count.LATE_RESULTS);
    all.increment();
  }

  /** A sentence was spoken in place of an answer. */
  void speak() {
    CallTally present = spoken;
    (present != null ? present : madeSpoken()).start();
  }

  private synchronized CallTally madeSpoken() {
    CallTally present = spoken;
    if (present == null) {
      present = new CallTally();
      spoken = present;
    }
    return present;
  }

  private long fallbacks() {
    CallTally present = spoken;
    return present == null ? 0 : present.started();
  }

  private long get(Count count) {
    AtomicLongArray present = counts;
    return present == null ? 0 : present.get(count.ordinal());
  }

  /** Attempts that have begun and not settled. */
  long inFlight() {
    long settled = succeeded() + get(Count.FAILED) + get(Count.UNCOUNTED);
    return started() - settled;
  }

  void count(Outcome outcome) {
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

  CircuitBreakerMetrics reading(MachineState state) {
    long successes = succeeded();
    long failures = get(Count.FAILED);
    double settled = successes + failures;
    return new CircuitBreakerMetrics(
        started(),
        successes,
        failures,
        get(Count.TIMEOUTS),
        fallbacks(),
        get(Count.STATE_CHANGES),
        get(Count.LATE_RESULTS),
        settled == 0 ? 0.0 : successes / settled,
        settled == 0 ? 0.0 : failures / settled,
        state.state(),
        state.lastStateChange());
  }
}
