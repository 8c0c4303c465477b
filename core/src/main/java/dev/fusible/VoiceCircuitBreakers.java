package dev.fusible;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Stub: replaced by the next commits. */
public final class VoiceCircuitBreakers implements AutoCloseable {
  public static Builder builder() { return new Builder(); }
  public VoiceCircuitBreaker forBusiness(String businessId) { throw new UnsupportedOperationException(); }
  @Override public void close() {}
  public static final class Builder {
    public Builder config(CircuitBreakerConfig config) { return this; }
    public Builder configFor(Function<String, CircuitBreakerConfig> f) { return this; }
    public Builder store(CircuitBreakerStore store) { return this; }
    public Builder fallbacks(FallbackResponses fallbacks) { return this; }
    public Builder fallbacksFor(Function<String, FallbackResponses> f) { return this; }
    public Builder language(String tag) { return this; }
    public Builder languageFor(Function<String, @Nullable String> f) { return this; }
    public Builder phoneFor(Function<String, @Nullable String> f) { return this; }
    public Builder listener(CircuitBreakerListener listener) { return this; }
    public Builder cacheTtl(Duration ttl) { return this; }
    public Builder timeSource(TimeSource time) { return this; }
    public Builder executor(Executor executor) { return this; }
    public Builder maxCircuits(int max) { return this; }
    public VoiceCircuitBreakers build() { return new VoiceCircuitBreakers(); }
  }
}
