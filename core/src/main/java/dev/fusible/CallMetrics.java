package dev.fusible;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * What a circuit counts. Thread-safe. A reset begins a new one; running attempts settle in the one
 * they began in.
 */
final class CallMetrics {

  final LongAdder started = new LongAdder();
  final LongAdder succeeded = new LongAdder();
  final AtomicLong failed = new AtomicLong();
  final AtomicLong timeouts = new AtomicLong();
  final AtomicLong fallbacks = new AtomicLong();
  final AtomicLong stateChanges = new AtomicLong();
  final AtomicLong lateResults = new AtomicLong();

  /** Attempts that settled without counting: ignored ones, and those of an older generation. */
  final AtomicLong uncounted = new AtomicLong();

  /** Those of all circuits of the process. */
  private final LongAdder allLateResults;

  CallMetrics(LongAdder allLateResults) {
    this.allLateResults = allLateResults;
  }

  /** A result came after its attempt had lost its say. */
  void cameLate() {
    lateResults.incrementAndGet();
    allLateResults.increment();
  }

  /** Attempts that have begun and not settled. */
  long inFlight() {
    long settled = succeeded.sum() + failed.get() + uncounted.get();
    return started.sum() - settled;
  }

  void count(Outcome outcome) {
    switch (outcome.kind()) {
      case SUCCESS -> succeeded.increment();
      case IGNORED -> uncounted.incrementAndGet();
      case FAILURE -> failed.incrementAndGet();
      case TIMEOUT -> {
        timeouts.incrementAndGet();
        failed.incrementAndGet();
      }
    }
  }

  CircuitBreakerMetrics reading(MachineState state) {
    long successes = succeeded.sum();
    long failures = failed.get();
    double settled = successes + failures;
    return new CircuitBreakerMetrics(
        started.sum(),
        successes,
        failures,
        timeouts.get(),
        fallbacks.get(),
        stateChanges.get(),
        lateResults.get(),
        settled == 0 ? 0.0 : successes / settled,
        settled == 0 ? 0.0 : failures / settled,
        state.state(),
        state.lastStateChange());
  }
}
