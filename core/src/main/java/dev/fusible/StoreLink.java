package dev.fusible;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One circuit's line to the store: at most one operation of a circuit is under way. The fields
 * without a type of their own for concurrency belong to whoever runs that operation; handing over
 * goes through {@link #turns}.
 */
final class StoreLink {

  /** A caller, or nobody any more, waits for the trial. */
  record Claim(String token, CompletableFuture<@Nullable Attempt> caller) {}

  /** A write whose acknowledgement never came. */
  record Unacknowledged(String writeId, MachineState written) {}

  /** How many turns were asked for since the present one began; 0 when nobody is at it. */
  final AtomicInteger turns = new AtomicInteger();

  final AtomicReference<@Nullable Claim> claim = new AtomicReference<>();
  final AtomicBoolean flushIsScheduled = new AtomicBoolean();

  /** A row that another instance wrote, seen while an operation was under way. */
  final AtomicReference<@Nullable CircuitBreakerStoreState> seen = new AtomicReference<>();

  /** Completed when the circuit has nothing left to write, while the process closes. */
  final AtomicReference<@Nullable CompletableFuture<Void>> lastWrite = new AtomicReference<>();

  /** Whether the circuit is among those that wait for the store. */
  final AtomicBoolean waits = new AtomicBoolean();

  /** Whether the row can't be understood, so that it must not be written over. */
  volatile boolean unreadable;

  @Nullable Unacknowledged unacknowledged;

  /** The last such write whose row was not there when it was looked for. */
  @Nullable Unacknowledged lost;

  boolean hasWrittenCounts;
  long countsWrittenNanos;
}
