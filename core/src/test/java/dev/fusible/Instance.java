package dev.fusible;

import dev.fusible.testkit.ManualTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** One instance of a fleet in a test: all of it on the test's thread and on {@link ManualTime}. */
final class Instance implements AutoCloseable {

  final FlakyStore line;
  final Heard events = new Heard();
  final VoiceCircuitBreakers breakers;
  final VoiceCircuitBreaker breaker;

  Instance(ManualTime time, CircuitBreakerStore store) {
    this(time, new FlakyStore(store), CircuitBreakerConfig.defaults());
  }

  Instance(TimeSource time, FlakyStore line, CircuitBreakerConfig config) {
    this.line = line;
    breakers =
        VoiceCircuitBreakers.builder()
            .timeSource(time)
            .store(line)
            .storeWorker(Runnable::run)
            .eventDelivery(Runnable::run)
            .executor(Runnable::run)
            .claimLimit(claim -> claim)
            .listener(events)
            .config(config)
            .build();
    breaker = breakers.forBusiness("b");
  }

  void fail(int times) {
    for (int i = 0; i < times; i++) {
      breaker.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    }
  }

  boolean succeeds() {
    return !breaker
        .executeAsync(() -> CompletableFuture.completedFuture("ok"))
        .toCompletableFuture()
        .join()
        .isFallback();
  }

  /** Starts a call that ends when the test says so; {@code null} if it was not let through. */
  CompletableFuture<String> begin() {
    List<CompletableFuture<String>> started = new ArrayList<>();
    breaker.executeAsync(
        () -> {
          CompletableFuture<String> operation = new CompletableFuture<>();
          started.add(operation);
          return operation;
        });
    return started.isEmpty() ? null : started.get(0);
  }

  Circuit circuit() {
    return breakers.circuit("b");
  }

  CircuitBreakerState state() {
    return breaker.state();
  }

  int failures() {
    return breaker.snapshot().failureCount();
  }

  @Override
  public void close() {
    breakers.close();
  }
}
