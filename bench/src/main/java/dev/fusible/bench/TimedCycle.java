package dev.fusible.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * As many failures as open the circuit, the wait, and a trial that succeeds. It goes in bursts
 * whose events fit in the dispatcher's queue, so that every one of them is told and logged.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init") // JMH fills the fields in.
public class TimedCycle {

  private static final int BURST = 4_000;

  /** Which library. */
  @Param({"fusible"})
  public String subject;

  private final Operation<String> failing = new Operation.Failing(1);
  private final Operation<String> answering = new Operation.Answering<>("answer");
  private Subject guard;
  private int failures;

  /** One guard for all bursts. */
  @Setup(Level.Trial)
  public void make() {
    try (Subject other = Subjects.open(subject, Row.CLOSED)) {
      failures = other.open(Row.CLOSED);
    }
    guard = Subjects.open(subject, Row.CYCLE);
  }

  /** The events of one burst have been told before the next begins. */
  @TearDown(Level.Iteration)
  public void settle() {
    guard.settle();
  }

  /** Ends what the guard began. */
  @TearDown(Level.Trial)
  public void close() {
    guard.close();
  }

  @Benchmark
  @OperationsPerInvocation(BURST)
  public int cycle() {
    int answers = 0;
    for (int i = 0; i < BURST; i++) {
      for (int failure = 0; failure < failures; failure++) {
        guard.call(failing);
      }
      guard.passWait();
      if (guard.call(answering) != Subject.SORRY) {
        answers++;
      }
    }
    if (answers != BURST) {
      throw new IllegalStateException("of " + BURST + " trials " + answers + " ran");
    }
    return answers;
  }
}
