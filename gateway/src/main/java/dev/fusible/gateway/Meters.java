package dev.fusible.gateway;

import dev.fusible.CallEvent;
import dev.fusible.CircuitBreakerListener;
import dev.fusible.CircuitBreakerState;
import dev.fusible.FallbackEvent;
import dev.fusible.StateChange;
import dev.fusible.StoreEvent;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToDoubleFunction;

/**
 * What the gateway measures. No meter has a business in a tag, nor anything that a caller sent.
 * Thread-safe.
 */
final class Meters implements CircuitBreakerListener {

  private final MeterRegistry registry;
  private final Map<CircuitBreakerState, AtomicInteger> circuits =
      new EnumMap<>(CircuitBreakerState.class);
  private final AtomicInteger storeDegraded = new AtomicInteger();
  private final Timer duration;
  private final Timer deadAir;

  /**
   * @param all how many circuits there are, of businesses and upstreams: all are CLOSED until an
   *     event says otherwise
   */
  Meters(MeterRegistry registry, int all) {
    this.registry = registry;
    for (CircuitBreakerState state : CircuitBreakerState.values()) {
      AtomicInteger count = new AtomicInteger(state == CircuitBreakerState.CLOSED ? all : 0);
      circuits.put(state, count);
      Gauge.builder("fusible.circuits", count, AtomicInteger::get)
          .description("Circuits in each state")
          .tag("state", tag(state))
          .register(registry);
    }
    Gauge.builder("fusible.store.degraded", storeDegraded, AtomicInteger::get)
        .description("1 while the store does not answer and circuits go on from memory")
        .register(registry);
    duration =
        Timer.builder("fusible.call.duration")
            .description("How long operations took, or were waited for")
            .publishPercentileHistogram()
            .register(registry);
    deadAir =
        Timer.builder("fusible.dead.air")
            .description("Of each turn, how long its caller heard nothing, past 1.5 s")
            .publishPercentileHistogram()
            .maximumExpectedValue(Duration.ofSeconds(10))
            .register(registry);
  }

  /** Reads counts that others keep. */
  <T> void count(String name, String description, T source, ToDoubleFunction<T> count) {
    FunctionCounter.builder(name, source, count).description(description).register(registry);
  }

  void deadAir(Duration ofOneTurn) {
    deadAir.record(ofOneTurn);
  }

  void storeOperation(String operation, String outcome, Duration elapsed) {
    Timer.builder("fusible.store.operations")
        .description("What the store was asked, and how it went")
        .tag("operation", operation)
        .tag("outcome", outcome)
        .register(registry)
        .record(elapsed);
  }

  @Override
  public void onSuccess(CallEvent event) {
    call("success", event);
  }

  @Override
  public void onFailure(CallEvent event) {
    call(event.timeout() ? "timeout" : "failure", event);
  }

  private void call(String outcome, CallEvent event) {
    Counter.builder("fusible.calls")
        .description("Operations that settled")
        .tag("outcome", outcome)
        .register(registry)
        .increment();
    duration.record(event.elapsed());
  }

  @Override
  public void onFallback(FallbackEvent event) {
    Counter.builder("fusible.fallbacks")
        .description("Sentences in place of an answer")
        .tag("type", event.type().name().toLowerCase(Locale.ROOT))
        .tag("language", event.language())
        .register(registry)
        .increment();
  }

  @Override
  public void onStateChange(StateChange change) {
    count(change.from()).decrementAndGet();
    count(change.to()).incrementAndGet();
    Counter.builder("fusible.state.changes")
        .description("Transitions of circuits")
        .tag("from", tag(change.from()))
        .tag("to", tag(change.to()))
        .register(registry)
        .increment();
  }

  @Override
  public void onStoreDegraded(StoreEvent event) {
    storeDegraded.set(event.degraded() ? 1 : 0);
  }

  boolean storeIsDegraded() {
    return storeDegraded.get() == 1;
  }

  private AtomicInteger count(CircuitBreakerState state) {
    return Objects.requireNonNull(circuits.get(state));
  }

  private static String tag(CircuitBreakerState state) {
    return state.name().toLowerCase(Locale.ROOT);
  }
}
