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
      failed(new Attempt(circuit, s.generation()), error);
      return fallback.apply(circuit.speak(FallbackType.SYSTEM_ERROR, language));
    }
    if (staysSo && circuit.machine() == s) {
      circuit.succeedIn(place);
    } else {
      new Attempt(circuit, s.generation()).succeeded(value);
    }
    return value;
  }

  /** Settles; what is not for the caller to be spared comes out. */
  private static void failed(Attempt attempt, Throwable error) {
    if (error instanceof InterruptedException) {
      attempt.ignored();
      throw VoiceCircuitBreaker.cancelled();
    }
    attempt.failed(error);
    if (error instanceof Error out) {
      throw out;
    }
  }
}
