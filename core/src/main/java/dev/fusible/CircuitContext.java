package dev.fusible;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What all circuits of a process share. Immutable; its parts are thread-safe.
 *
 * @param upstreamStart where the circuit of an upstream starts
 */
record CircuitContext(
    TimeSource time,
    LongSupplier roughNanos,
    EventDispatcher events,
    StateSharing store,
    Executor executor,
    UnaryOperator<CompletableFuture<@Nullable Attempt>> claimLimit,
    Speech speech,
    LongAdder lateResults,
    Predicate<? super Throwable> upstreamFailure,
    MachineState upstreamStart,
    CircuitRegistry registry) {

  /** How long a caller waits, in real time, for the store to grant the trial. */
  static final Duration CLAIM_WAIT = Duration.ofMillis(250);

  /** The claim, given up by its asynchronous caller after {@link #CLAIM_WAIT}. */
  static CompletableFuture<@Nullable Attempt> limited(CompletableFuture<@Nullable Attempt> claim) {
    return claim.completeOnTimeout(null, CLAIM_WAIT.toMillis(), TimeUnit.MILLISECONDS);
  }
}
