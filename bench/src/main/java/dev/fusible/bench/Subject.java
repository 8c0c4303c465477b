package dev.fusible.bench;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * A library set to one rule, called as its documentation says. The rule: five consecutive failures
 * open the circuit once ten calls have settled, for 30 s; in the rows with a limit, 8 s a call. A
 * library that has no such rule is set to the nearest that it has: half of the last ten calls.
 */
abstract class Subject implements AutoCloseable {

  static final int FAILURES = 5;
  static final int VOLUME = 10;
  static final long WAIT_SECONDS = 30;

  /** What is said in place of an answer that does not come. */
  static final String SORRY = "sorry";

  /** A call without a limit, on this thread. */
  abstract String call(Operation<String> operation);

  /** The same for the business {@code id}, whose circuit is looked up, or made, first. */
  String callFor(String id, Operation<String> operation) {
    throw new UnsupportedOperationException();
  }

  /** A synchronous call with a limit. */
  String callLimited(Operation<String> operation) {
    throw new UnsupportedOperationException();
  }

  /** An asynchronous call, with or without a limit, and the answer out of the stage it gave. */
  String answer(Operation<CompletionStage<String>> operation) {
    throw new UnsupportedOperationException();
  }

  /** An asynchronous call whose stage is handed on as it is. */
  CompletionStage<?> stage(Operation<CompletionStage<String>> operation) {
    throw new UnsupportedOperationException();
  }

  /** Lets the wait of an open circuit pass at once. */
  void passWait() {
    throw new UnsupportedOperationException();
  }

  /** Waits until all that calls have set going in the background is done. */
  void settle() {}

  /** Calls what fails, the way {@code row} does, until it is no longer run; how often it ran. */
  final int open(Row row) {
    Down<String> down = new Down<>();
    Down<CompletionStage<String>> stageDown = new Down<>();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    for (int ran = 0; System.nanoTime() < end; ran++) {
      if (row.isAsync()) {
        answer(stageDown);
      } else if (row.limit == Row.Limit.NONE) {
        call(down);
      } else {
        callLimited(down);
      }
      if (down.calls + stageDown.calls == ran) {
        return ran;
      }
    }
    throw new IllegalStateException("the circuit does not open");
  }

  private static final class Down<T> extends Operation<T> {

    private volatile int calls;

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // One call at a time.
    public T get() {
      calls++;
      throw new IllegalStateException("down");
    }
  }

  static long waitNanos() {
    return TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
  }

  @Override
  public void close() {}
}
