package dev.fusible;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a call got from its circuit. */
sealed interface Admitted {

  /** The permit to run; {@code null} for a call that is rejected. */
  record Now(@Nullable Attempt attempt) implements Admitted {}

  /** The store is being asked for the trial. */
  record Claiming(CompletableFuture<@Nullable Attempt> attempt) implements Admitted {}

  /**
   * Admits a call that must not block: {@code go} gets the permit, or {@code null}, on this thread
   * if it is decided at once, otherwise on the executor and within {@link
   * CircuitContext#CLAIM_WAIT}.
   */
  static void await(Passage passage, Consumer<@Nullable Attempt> go) {
    Admitted admitted = passage.admit();
    if (admitted instanceof Now now) {
      go.accept(now.attempt());
    } else if (admitted instanceof Claiming claiming) {
      CompletableFuture<@Nullable Attempt> claim = claiming.attempt();
      if (claim.isDone()) {
        go.accept(claim.join());
      } else {
        later(passage.own(), claim, go);
      }
    }
  }

  private static void later(
      Circuit circuit, CompletableFuture<@Nullable Attempt> claim, Consumer<@Nullable Attempt> go) {
    AtomicBoolean gone = new AtomicBoolean();
    CompletableFuture<Void> unneeded =
        circuit
            .context()
            .claimLimit()
            .apply(claim)
            .thenAcceptAsync(
                attempt -> {
                  gone.set(true);
                  go.accept(attempt);
                },
                circuit.context().executor())
            .whenComplete(
                (done, refused) -> {
                  // The executor took no more work: the caller is answered all the same.
                  if (refused != null && gone.compareAndSet(false, true)) {
                    Attempt unused = claim.join();
                    if (unused != null) {
                      unused.ignored();
                    }
                    go.accept(null);
                  }
                });
    Objects.requireNonNull(unneeded);
  }
}
