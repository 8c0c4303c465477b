package dev.fusible;

import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** What a circuit has to do with the world outside its process. Nothing here blocks. */
interface StateSharing {

  /** Begins to follow what others change. */
  void start();

  /** Reads the circuit's row in the background. */
  void load(Circuit circuit);

  /** The circuit became {@code state}: others are to know. */
  void changed(Circuit circuit, MachineState state);

  /** Whether there is nobody to ask for a trial: who wants it has it. */
  boolean isAlone();

  /**
   * Asks for the trial. The future is completed with the attempt, or with {@code null} when another
   * has it.
   */
  CompletableFuture<@Nullable Attempt> claim(Circuit circuit, String token);

  /** A name for a claim or a write that no other process uses. */
  String newToken();

  /** Whether what was known outside when the circuit was made is known to it. */
  boolean hasLoaded(MachineState state);

  /** Whether all that the circuit knows is known outside too, so that it can be forgotten here. */
  boolean knows(MachineState state);

  /**
   * Frees the leases of this process's circuits and writes what is left; complete when that is
   * done.
   */
  CompletableFuture<Void> flush(CircuitRegistry registry);

  /** Ends what runs in the background. */
  void close();

  /** Names that begin with one random prefix for each process. */
  final class Tokens {

    private final String prefix = UUID.randomUUID().toString().substring(0, 13) + ":";
    private final AtomicLong sequence = new AtomicLong();

    String next() {
      return prefix + sequence.incrementAndGet();
    }
  }

  /** Without a store, this process is alone: nothing to read or write, and nobody to ask. */
  final class Alone implements StateSharing {

    private final AtomicLong tokens = new AtomicLong();

    @Override
    public void start() {}

    @Override
    public void load(Circuit circuit) {}

    @Override
    public void changed(Circuit circuit, MachineState state) {}

    @Override
    public boolean isAlone() {
      return true;
    }

    @Override
    public CompletableFuture<@Nullable Attempt> claim(Circuit circuit, String token) {
      throw new IllegalStateException("there is nobody to ask");
    }

    /** No other process sees it. */
    @Override
    public String newToken() {
      return Long.toString(tokens.incrementAndGet());
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
    public CompletableFuture<Void> flush(CircuitRegistry registry) {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void close() {}
  }
}
