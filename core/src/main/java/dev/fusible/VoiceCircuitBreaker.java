package dev.fusible;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.function.Function;
import java.util.function.Supplier;

/** Stub: replaced by the next commits. */
public final class VoiceCircuitBreaker {
  public <T> ExecutionResult<T> execute(Callable<? extends T> operation) { throw new UnsupportedOperationException(); }
  public <T> T execute(Callable<? extends T> operation, Function<FallbackResponse, ? extends T> fallback) { throw new UnsupportedOperationException(); }
  public <T> CompletionStage<ExecutionResult<T>> executeAsync(Supplier<? extends CompletionStage<? extends T>> operation) { throw new UnsupportedOperationException(); }
  public <T> Flow.Publisher<T> executeStream(Supplier<? extends Flow.Publisher<? extends T>> operation, StreamOptions<T> options) { throw new UnsupportedOperationException(); }
  public String businessId() { throw new UnsupportedOperationException(); }
  public CircuitBreakerState state() { throw new UnsupportedOperationException(); }
  public CircuitBreakerMetrics getMetrics() { throw new UnsupportedOperationException(); }
  public void resetMetrics() {}
  public void addListener(CircuitBreakerListener listener) {}
  public void forceOpen(String reason) {}
  public void forceClosed(String reason) {}
  public void reset() {}
}
