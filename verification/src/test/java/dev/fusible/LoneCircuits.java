package dev.fusible;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Circuits without a store, threads or timers, in time that stands still: as little as there can
 * be, so that a model checker gets through it.
 */
final class LoneCircuits implements TimeSource, StateSharing {

  static final CircuitBreakerConfig CONFIG =
      CircuitBreakerConfig.builder().failureThreshold(2).volumeThreshold(2).build();

  private static final long NOW = Duration.ofDays(1).toNanos();

  private final AtomicLong tokens = new AtomicLong();
  final CircuitRegistry registry;
  private final CircuitContext context;

  LoneCircuits(int bound) {
    registry = new CircuitRegistry(bound, this::circuit);
    context =
        new CircuitContext(
            this,
            this::nanoTime,
            new EventDispatcher(List.of(), event -> {}),
            this,
            Runnable::run,
            claim -> claim,
            new Speech(null, FallbackResponses.builtIn(), null, "en-US", null),
            new LongAdder(),
            error -> true,
            MachineState.INITIAL,
            registry);
  }

  private Circuit circuit(String business) {
    return new Circuit(business, CONFIG, context);
  }

  /** A circuit that is OPEN and has waited for as long as it must. */
  Circuit opened(String business) {
    long waited = NOW - CONFIG.recoveryTimeout().toNanos();
    Circuit circuit = circuit(business);
    MachineState unused = circuit.update(s -> s.opened(0, waited, null));
    return circuit;
  }

  @Override
  public long nanoTime() {
    return NOW;
  }

  @Override
  public Instant now() {
    return Instant.EPOCH;
  }

  @Override
  public Cancellable schedule(Runnable task, Duration delay) {
    return () -> {};
  }

  @Override
  public void start() {}

  @Override
  public void load(Circuit circuit) {}

  @Override
  public void changed(Circuit circuit, MachineState state) {}

  /** It grants every claim, but is asked. */
  @Override
  public boolean isAlone() {
    return false;
  }

  @Override
  public CompletableFuture<@Nullable Attempt> claim(Circuit circuit, String token) {
    CompletableFuture<@Nullable Attempt> caller = new CompletableFuture<>();
    TrialLease.granted(circuit, token, nanoTime(), null, caller);
    return caller;
  }

  @Override
  public String newToken() {
    return "t" + tokens.incrementAndGet();
  }

  @Override
  public boolean hasLoaded(MachineState state) {
    return true;
  }

  @Override
  public boolean knows(MachineState state) {
    return true;
  }

  @Override
  public CompletableFuture<Void> flush(CircuitRegistry circuits) {
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public void close() {}
}
