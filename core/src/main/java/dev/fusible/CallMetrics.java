package dev.fusible;

import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What a circuit counts. Thread-safe. A reset only remembers what had been counted by then, so that
 * no call that is under way is lost from sight. What a healthy circuit never counts takes no room
 * until it happens ({@link Trouble}).
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

  private volatile @Nullable Trouble trouble;

  /** What it needs from now on. */
  final Trouble trouble() {
    Trouble present = trouble;
    return present != null ? present : troubled();
  }

  private synchronized Trouble troubled() {
    Trouble present = trouble;
    if (present == null) {
      present = new Trouble();
      trouble = present;
    }
    return present;
  }

  final void add(Count count) {
    trouble().counts.incrementAndGet(count.ordinal());
  }

  private void fail() {
    if (isOwner(Thread.currentThread().getId())) {
      trouble().failedOwn();
    } else {
      add(Count.FAILED);
    }
  }

  /** A result came after its attempt had lost its say: it counts here, and among {@code all}. */
  final void cameLate(LongAdder all) {
    add(Count.LATE_RESULTS);
    all.increment();
  }

  private long get(Count count) {
    Trouble present = trouble;
    return present == null ? 0 : present.counts.get(count.ordinal());
  }

  private long failed() {
    Trouble present = trouble;
    return present == null ? 0 : present.failed();
  }

  /** Attempts that have begun and not settled. */
  final long inFlight() {
    long settled = settled();
    return started() - settled;
  }

  private long settled() {
    return succeeded() + failed() + get(Count.UNCOUNTED);
  }

  final void count(Outcome outcome) {
    switch (outcome.kind()) {
      case SUCCESS -> succeed();
      case IGNORED -> add(Count.UNCOUNTED);
      case FAILURE -> fail();
      case TIMEOUT -> {
        add(Count.TIMEOUTS);
        fail();
      }
    }
  }

  /** Begins anew, with the calls that are under way. */
  final void resetMetrics() {
    long uncounted = get(Count.UNCOUNTED);
    Trouble.Sum now = sum();
    trouble().zero = now.startedWith(now.succeeded() + now.failed() + uncounted);
  }

  /** What was started is read after what has settled, so that it is never less. */
  private Trouble.Sum sum() {
    Trouble present = trouble;
    long succeeded = succeeded();
    long failed = failed();
    return new Trouble.Sum(
        started(),
        succeeded,
        failed,
        get(Count.TIMEOUTS),
        present == null ? 0 : present.spoken.started(),
        get(Count.STATE_CHANGES),
        get(Count.LATE_RESULTS));
  }

  final CircuitBreakerMetrics reading(MachineState state) {
    Trouble present = trouble;
    // Before the sum, or a reset in between would leave less than nothing.
    Trouble.Sum zero = present == null ? Trouble.Sum.ZERO : present.zero;
    Trouble.Sum now = sum().minus(zero);
    long successes = now.succeeded();
    long failures = now.failed();
    double settled = successes + failures;
    return new CircuitBreakerMetrics(
        now.started(),
        successes,
        failures,
        now.timeouts(),
        now.spoken(),
        now.stateChanges(),
        now.lateResults(),
        settled == 0 ? 0.0 : successes / settled,
        settled == 0 ? 0.0 : failures / settled,
        state.state(),
        state.lastStateChange());
  }
}
