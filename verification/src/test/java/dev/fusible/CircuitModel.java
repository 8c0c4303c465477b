package dev.fusible;

import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Options;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;

/**
 * Admission and settlement of one circuit as operations of which any threads may call any: whatever
 * they do, it must look as if they had taken turns. Each thread has one call at a time. The circuit
 * is OPEN and has waited; time stands still, so that no answer hangs on when a clock was read.
 */
@Param(name = "thread", gen = ThreadIdGen.class)
public class CircuitModel {

  private final Circuit circuit = new LoneCircuits(100).opened("b");
  private final Attempt[] calls = new Attempt[8];

  /** For the model checker. */
  public CircuitModel() {}

  /** Begins the thread's call, if it has none. */
  @Operation
  public String begin(@Param(name = "thread") int thread) {
    if (calls[thread] != null) {
      return "busy";
    }
    Admitted admitted = circuit.admit();
    Attempt attempt =
        admitted instanceof Admitted.Claiming claiming
            ? claiming.attempt().join()
            : ((Admitted.Now) admitted).attempt();
    calls[thread] = attempt;
    return attempt == null ? "rejected" : attempt.isTrial() ? "trial" : "ordinary";
  }

  /** Ends the thread's call, if it has one. */
  @Operation
  public void succeed(@Param(name = "thread") int thread) {
    Attempt call = ended(thread);
    if (call != null) {
      call.succeeded("answer");
    }
  }

  /** Ends the thread's call, if it has one. */
  @Operation
  public void fail(@Param(name = "thread") int thread) {
    Attempt call = ended(thread);
    if (call != null) {
      call.failed(new IllegalStateException());
    }
  }

  /** Ends the thread's call, if it has one. */
  @Operation
  public void hangUp(@Param(name = "thread") int thread) {
    Attempt call = ended(thread);
    if (call != null) {
      call.ignored();
    }
  }

  private Attempt ended(int thread) {
    Attempt call = calls[thread];
    calls[thread] = null;
    return call;
  }

  /** Explores the interleavings of so many scenarios; throws if they did not look like turns. */
  static void explore(int scenarios) {
    scenarios(new ModelCheckingOptions(), scenarios, 2);
  }

  /** Runs so many scenarios on real threads. */
  static void stress(int scenarios) {
    scenarios(new StressOptions(), scenarios, 3);
  }

  private static void scenarios(Options<?, ?> how, int scenarios, int threads) {
    how.iterations(scenarios);
    how.invocationsPerIteration(500);
    how.threads(threads);
    how.actorsBefore(2);
    how.actorsPerThread(3);
    how.actorsAfter(2);
    how.check(CircuitModel.class);
  }
}
