package dev.fusible.bench;

import dev.fusible.Cancellable;
import dev.fusible.CircuitBreakerConfig;
import dev.fusible.CircuitBreakerListener;
import dev.fusible.ExecutionResult;
import dev.fusible.FallbackResponse;
import dev.fusible.StateChange;
import dev.fusible.TimeSource;
import dev.fusible.VoiceCircuitBreaker;
import dev.fusible.VoiceCircuitBreakers;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/** Ours, with its defaults: fencing, metrics, events and the log are on in every row. */
final class OnFusible extends Subject {

  private final ShiftedTime time = new ShiftedTime();
  private final VoiceCircuitBreakers breakers;
  private final VoiceCircuitBreaker breaker;

  private OnFusible(Row row, long limitMillis) {
    boolean limited = row.limit != Row.Limit.NONE;
    VoiceCircuitBreakers.Builder builder =
        VoiceCircuitBreakers.builder()
            .config(
                CircuitBreakerConfig.builder()
                    .timeout(limited ? Duration.ofMillis(limitMillis) : Duration.ZERO)
                    .build());
    if (row.limit == Row.Limit.CALLER_INTERRUPTED) {
      // The operation runs on the caller's thread, which its limit interrupts.
      builder.executor(Runnable::run);
    }
    // Only the cycle has a clock that can be set forward.
    breakers = (row == Row.CYCLE ? builder.timeSource(time) : builder).build();
    breaker = breakers.forBusiness("clinica-sonrisa");
  }

  static Subject of(Row row, long limitMillis) {
    return new OnFusible(row, limitMillis);
  }

  @Override
  String call(Operation<String> operation) {
    return breaker.execute(operation, FallbackResponse::text);
  }

  @Override
  String callFor(String id, Operation<String> operation) {
    return breakers.forBusiness(id).execute(operation, FallbackResponse::text);
  }

  @Override
  String callLimited(Operation<String> operation) {
    return breaker.execute(operation, FallbackResponse::text);
  }

  @Override
  String answer(Operation<CompletionStage<String>> operation) {
    CompletionStage<ExecutionResult<String>> stage = breaker.executeAsync(operation);
    return stage.toCompletableFuture().join().valueOr(FallbackResponse::text);
  }

  @Override
  CompletionStage<?> stage(Operation<CompletionStage<String>> operation) {
    return breaker.<String>executeAsync(operation);
  }

  @Override
  void passWait() {
    time.shift.addAndGet(waitNanos());
  }

  /** Events are told in order, so when this one's has been, so have all before it. */
  @Override
  void settle() {
    CountDownLatch told = new CountDownLatch(1);
    VoiceCircuitBreaker other = breakers.forBusiness("taqueria-don-pepe");
    other.addListener(
        new CircuitBreakerListener() {
          @Override
          public void onStateChange(StateChange change) {
            told.countDown();
          }
        });
    other.forceOpen("to hear of it");
    try {
      told.await();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    other.reset();
    if (breakers.droppedEvents() > 0) {
      throw new IllegalStateException("events were dropped: the figure would not count");
    }
  }

  @Override
  public void close() {
    breakers.close();
  }

  /** The machine's clocks, set forward. */
  private static final class ShiftedTime implements TimeSource {

    private final AtomicLong shift = new AtomicLong();

    @Override
    public long nanoTime() {
      return TimeSource.system().nanoTime() + shift.get();
    }

    @Override
    public Instant now() {
      return TimeSource.system().now();
    }

    @Override
    public Cancellable schedule(Runnable task, Duration delay) {
      return TimeSource.system().schedule(task, delay);
    }
  }
}
