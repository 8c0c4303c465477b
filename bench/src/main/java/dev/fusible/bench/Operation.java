package dev.fusible.bench;

import dev.failsafe.function.CheckedSupplier;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

/**
 * What is guarded, in the functional type of every library, so that none pays for an adapter.
 *
 * @param <T> what it answers with
 */
abstract class Operation<T> implements Callable<T>, Supplier<T>, CheckedSupplier<T> {

  @Override
  public abstract T get();

  @Override
  public final T call() {
    return get();
  }

  /** Answers at once. */
  static final class Answering<T> extends Operation<T> {

    private final T answer;

    Answering(T answer) {
      this.answer = answer;
    }

    @Override
    public T get() {
      return answer;
    }
  }

  /**
   * Fails every so many calls: 1 is always. The exception is made once, so that it costs nothing.
   */
  static final class Failing extends Operation<String> {

    private final int every;
    private final IllegalStateException failure = new IllegalStateException("down");
    private int calls;

    Failing(int every) {
      this.every = every;
    }

    @Override
    public String get() {
      if (++calls >= every) {
        calls = 0;
        throw failure;
      }
      return "answer";
    }
  }
}
