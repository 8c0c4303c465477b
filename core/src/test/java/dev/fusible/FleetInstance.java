package dev.fusible;

import dev.fusible.testkit.ManualTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * One instance of a fleet whose businesses all call one upstream: all of it on the test's thread
 * and on {@link ManualTime}.
 */
final class FleetInstance implements AutoCloseable {

  static final String LLM = "llm";

  final FlakyStore line;
  final Heard events = new Heard();
  final VoiceCircuitBreakers breakers;
  final VoiceCircuitBreaker upstream;

  /** How many operations were begun. */
  int calls;

  FleetInstance(ManualTime time, CircuitBreakerStore store) {
    this(time, store, builder -> builder);
  }

  FleetInstance(
      ManualTime time,
      CircuitBreakerStore store,
      UnaryOperator<VoiceCircuitBreakers.Builder> settings) {
    line = new FlakyStore(store);
    breakers =
        settings
            .apply(
                VoiceCircuitBreakers.builder()
                    .timeSource(time)
                    .store(line)
                    .storeWorker(Runnable::run)
                    .eventDelivery(Runnable::run)
                    .executor(Runnable::run)
                    .claimLimit(claim -> claim)
                    .listener(events))
            .build();
    upstream = breakers.forUpstream(LLM);
  }

  /** Businesses that bear more than the upstream does, so that it alone is looked at. */
  static VoiceCircuitBreakers.Builder patientBusinesses(VoiceCircuitBreakers.Builder builder) {
    return builder.configFor(
        business -> CircuitBreakerConfig.builder().failureThreshold(100_000).build());
  }

  VoiceCircuitBreaker of(String business) {
    return breakers.forBusiness(business, LLM);
  }

  CompletableFuture<ExecutionResult<String>> call(
      String business, Supplier<CompletableFuture<String>> operation) {
    return of(business)
        .<String>executeAsync(
            () -> {
              calls++;
              return operation.get();
            })
        .toCompletableFuture();
  }

  void fail(String business, int times) {
    for (int i = 0; i < times; i++) {
      fail(business, new IllegalStateException());
    }
  }

  void fail(String business, Throwable failure) {
    call(business, () -> CompletableFuture.failedFuture(failure));
  }

  boolean succeeds(String business) {
    return !call(business, () -> CompletableFuture.completedFuture("ok")).join().isFallback();
  }

  /** Starts a call that ends when the test says so; {@code null} if it was not let through. */
  CompletableFuture<String> begin(String business) {
    List<CompletableFuture<String>> started = new ArrayList<>();
    call(
        business,
        () -> {
          CompletableFuture<String> operation = new CompletableFuture<>();
          started.add(operation);
          return operation;
        });
    return started.isEmpty() ? null : started.get(0);
  }

  CircuitBreakerState state() {
    return upstream.state();
  }

  @Override
  public void close() {
    breakers.close();
  }
}
