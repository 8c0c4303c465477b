package dev.fusible;

import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A synchronous call without a limit that nobody measures, through a CLOSED circuit: the shortest
 * way. In a healthy one it reads no clock, allocates nothing, and writes two counts. Where anything
 * else is to be done, it is done as in every other call.
 */
final class PlainCall {

  private PlainCall() {}

  static <T extends @Nullable Object> T result(
      Circuit circuit,
      MachineState s,
      @Nullable String language,
      Callable<? extends T> operation,
      Function<FallbackResponse, ? extends T> fallback) {
    boolean staysSo = circuit.isUnmovedBySuccess(s);
    int place = circuit.start();
    T value;
    try {
      value = operation.call();
    } catch (Throwable error) {
      failed(circuit, s, error);
      return fallback.apply(circuit.speak(FallbackType.SYSTEM_ERROR, language));
    }
    if (staysSo && circuit.machine() == s) {
      circuit.succeedIn(place);
    } else {
      settle(circuit, s, circuit.kindOfResult(value), null, Outcome.RESULT_CODE);
    }
    return value;
  }

  /** Settles; what is not for the caller to be spared comes out. */
  static void failed(Circuit circuit, MachineState s, Throwable error) {
    if (error instanceof InterruptedException) {
      new Attempt(circuit, s.generation()).ignored();
      throw VoiceCircuitBreaker.cancelled();
    }
    settle(circuit, s, circuit.kindOfThrown(error), error, Outcome.codeOf(error));
    if (error instanceof Error out) {
      throw out;
    }
  }

  static void settle(
      Circuit circuit, MachineState s, Outcome.Kind kind, @Nullable Throwable error, String code) {
    if (!isCounted(circuit, s.generation(), Outcome.of(kind, 0, code, false))) {
      new Attempt(circuit, s.generation()).settleAlone(kind, error, code);
    }
  }

  /**
   * Settles without a permit, where the outcome of a call of this generation is a mere count, and
   * where nobody else changes the circuit at this moment. {@code false} if it is not settled.
   */
  private static boolean isCounted(Circuit circuit, long generation, Outcome outcome) {
    MachineState s = circuit.machine();
    if (s.generation() != generation || s.state() != CircuitBreakerState.CLOSED || s.isEvicted()) {
      return false;
    }
    // What time it is matters only to what opens the circuit, and that is settled with a permit.
    MachineState next = StateMachine.settle(s, outcome, circuit.config(), 0);
    if (next.state() != s.state() || !circuit.replaced(s, next)) {
      return false;
    }
    circuit.count(outcome);
    if (next != s) {
      circuit.context().store().changed(circuit, next);
    }
    return true;
  }
}
