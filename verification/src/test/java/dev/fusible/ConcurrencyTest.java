package dev.fusible;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.Lincheck;
import org.junit.jupiter.api.Test;

/** The concurrent pieces, in every interleaving that a model checker comes to. */
class ConcurrencyTest {

  private static final int INTERLEAVINGS = Integer.getInteger("interleavings", 200);

  private static final int SCENARIOS = INTERLEAVINGS / 30;

  private static void explore(Runnable scenario) {
    Lincheck.runConcurrentTest(INTERLEAVINGS, scenario::run);
  }

  /** No assertion library here: the model checker would explore it as well. */
  private static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }

  private static void together(Runnable one, Runnable two) {
    Thread first = new Thread(one);
    Thread second = new Thread(two);
    first.start();
    second.start();
    try {
      first.join();
      second.join();
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  private static Attempt begun(Circuit circuit) {
    return ((Admitted.Now) circuit.admit()).attempt();
  }

  @Test
  void admission_looks_as_if_threads_took_turns_in_every_interleaving() {
    CircuitModel.explore(SCENARIOS);
  }

  @Test
  void admission_looks_as_if_threads_took_turns_under_stress() {
    CircuitModel.stress(SCENARIOS);
  }

  @Test
  void a_failure_is_not_lost_when_its_circuit_is_evicted() {
    explore(
        () -> {
          LoneCircuits circuits = new LoneCircuits(1);
          Circuit circuit = circuits.registry.circuit("a");
          together(
              () -> begun(circuit).failed(new IllegalStateException()),
              () -> circuits.registry.circuit("b"));
          Circuit present = circuits.registry.circuit("a");
          check(present.machine().failureCount() == 1, "the failure is lost");
          check(circuit.inFlight() == 0, "an attempt is left");
        });
  }

  @Test
  void two_callers_of_an_evicted_business_get_one_circuit() {
    explore(
        () -> {
          LoneCircuits circuits = new LoneCircuits(1);
          circuits.registry.circuit("a");
          Circuit[] found = new Circuit[2];
          together(
              () -> {
                circuits.registry.circuit("b");
                found[0] = circuits.registry.circuit("a");
              },
              () -> found[1] = circuits.registry.circuit("a"));
          boolean both = !found[0].machine().isEvicted() && !found[1].machine().isEvicted();
          check(!both || found[0] == found[1], "the business has two circuits");
        });
  }

  @Test
  void an_attempt_that_ends_twice_counts_once() {
    explore(
        () -> {
          Circuit circuit = new LoneCircuits(100).registry.circuit("b");
          Attempt attempt = begun(circuit);
          AtomicInteger settled = new AtomicInteger();
          together(
              () -> settled.addAndGet(attempt.succeeded("answer") ? 1 : 0),
              () -> settled.addAndGet(attempt.timedOut() ? 1 : 0));
          CircuitBreakerMetrics metrics = circuit.reading(circuit.machine());
          check(settled.get() == 1, "settled " + settled);
          check(metrics.successfulExecutions() + metrics.failedExecutions() == 1, "both count");
          check(metrics.timeouts() == metrics.failedExecutions(), "a timeout is a failure");
          check(circuit.inFlight() == 0, "an attempt is left");
        });
  }

  @Test
  void no_call_is_missing_in_the_metrics() {
    explore(
        () -> {
          CallMetrics metrics = new CallMetrics() {};
          Runnable calls =
              () -> {
                int first = metrics.start();
                metrics.succeed();
                int second = metrics.start();
                metrics.count(new Outcome(Outcome.Kind.TIMEOUT, 0, "Late"));
                int unused = metrics.trouble().spoken.start();
              };
          together(calls, calls);
          CircuitBreakerMetrics reading = metrics.reading(MachineState.INITIAL);
          check(reading.totalExecutions() == 4, "began " + reading.totalExecutions());
          check(reading.successfulExecutions() == 2, "succeeded");
          check(reading.failedExecutions() == 2 && reading.timeouts() == 2, "failed");
          check(reading.fallbacksServed() == 2, "sentences");
          check(metrics.inFlight() == 0, "an attempt is left");
        });
  }

  @Test
  void a_claim_is_the_callers_or_is_kept_for_the_next_call() {
    explore(
        () -> {
          LoneCircuits circuits = new LoneCircuits(100);
          Circuit circuit = circuits.opened("b");
          MachineState open = circuit.machine();
          Trial claiming = new Trial("t", Trial.Phase.CLAIMING, Long.MAX_VALUE);
          check(circuit.replaced(open, open.withTrial(claiming)), "set up");
          CompletableFuture<Attempt> caller = new CompletableFuture<>();
          together(
              () -> TrialLease.granted(circuit, "t", circuits.nanoTime(), null, caller),
              () -> caller.complete(null));
          boolean got = caller.join() != null;
          Trial.Phase expected = got ? Trial.Phase.RUNNING : Trial.Phase.READY;
          check(circuit.machine().trial().phase() == expected, "the trial has a taker");
          check(circuit.inFlight() == (got ? 1 : 0), "attempts");
        });
  }

  @Test
  void each_asking_is_followed_by_a_turn() {
    explore(
        () -> {
          Turns turns = new Turns();
          AtomicInteger asked = new AtomicInteger();
          int[] seen = new int[1];
          Runnable turn = () -> seen[0] = asked.get();
          Runnable asking =
              () -> {
                asked.incrementAndGet();
                turns.take(turn);
              };
          together(asking, asking);
          check(seen[0] == 2, "the last turn came before the last asking");
          check(turns.isIdle(), "a turn is left");
        });
  }

  @Test
  void a_coming_turn_is_armed_once_and_can_be_armed_again() {
    explore(
        () -> {
          AtomicInteger armed = new AtomicInteger();
          AtomicInteger taken = new AtomicInteger();
          ComingTurn coming = new ComingTurn();
          Runnable[] due = new Runnable[2];
          TimeSource time = new LoneTime(task -> due[armed.getAndIncrement()] = task);
          Runnable arming = () -> coming.in(1, time, taken::incrementAndGet);
          together(arming, arming);
          check(armed.get() == 1 && coming.isArmed(), "armed " + armed);
          due[0].run();
          check(taken.get() == 1 && !coming.isArmed(), "taken " + taken);
        });
  }
}
