package dev.fusible;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What a call got from its circuit. */
sealed interface Admitted {

  /** The permit to run; {@code null} for a call that is rejected. */
  record Now(@Nullable Attempt attempt) implements Admitted {}

  /** The store is being asked for the trial. */
  record Claiming(CompletableFuture<@Nullable Attempt> attempt) implements Admitted {}
}
