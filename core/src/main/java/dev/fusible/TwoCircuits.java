package dev.fusible;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A business's circuit and that of the upstream which its calls ask.
 *
 * <p>A call that one of them turns away must leave no trace in the other. So both are looked at
 * first, and nothing is asked of either where one would refuse. Then the upstream's is asked, and
 * the business's last: while an upstream recovers, all businesses compete for its one trial, and
 * those that do not get it have not touched their own. A permit that can't be used since the other
 * circuit has changed its mind meanwhile is given back: a trial goes to the next call.
 *
 * @param own the business's circuit
 */
record TwoCircuits(Circuit own, Circuit upstream) implements Passage {

  private static final Admitted REJECTED = new Admitted.Now(null);

  @Override
  public TwoCircuits present(UnaryOperator<Circuit> successor) {
    Circuit presentOwn = own.present(successor);
    Circuit presentUpstream = upstream.present(successor);
    return presentOwn == own && presentUpstream == upstream
        ? this
        : new TwoCircuits(presentOwn, presentUpstream);
  }

  @Override
  public Admitted admit() {
    long now = own.context().time().nanoTime();
    if (wouldReject(own, now)) {
      return REJECTED;
    }
    upstream.hearOf(own.businessId(), now);
    if (wouldReject(upstream, now)) {
      return REJECTED;
    }
    Admitted first = upstream.admit();
    if (first instanceof Admitted.Claiming claiming) {
      return claiming(claiming.attempt());
    }
    Attempt beside = ((Admitted.Now) first).attempt();
    if (beside == null) {
      return REJECTED;
    }
    Admitted last = own.admit();
    return last instanceof Admitted.Claiming claiming
        ? claiming(beside, claiming.attempt())
        : new Admitted.Now(joined(((Admitted.Now) last).attempt(), beside));
  }

  private static boolean wouldReject(Circuit circuit, long now) {
    return StateMachine.admission(circuit.machine(), circuit.config(), now) == Admission.REJECT;
  }

  /** The business's permit with the upstream's beside it; {@code null} where there is none. */
  private @Nullable Attempt joined(@Nullable Attempt attempt, Attempt beside) {
    if (attempt == null) {
      beside.giveBack();
      return null;
    }
    attempt.settlesWith(beside, own.businessId());
    return attempt;
  }

  /** The store is asked for the upstream's trial, and then perhaps for the business's. */
  private Admitted claiming(CompletableFuture<@Nullable Attempt> claim) {
    CompletableFuture<@Nullable Attempt> both = new CompletableFuture<>();
    givesUp(both, claim);
    unneeded(
        claim.whenComplete(
            (beside, impossible) -> {
              if (beside == null) {
                both.complete(null);
              } else if (both.isDone()) {
                beside.giveBack();
              } else {
                askOwn(beside, both);
              }
            }));
    return new Admitted.Claiming(both);
  }

  private void askOwn(Attempt beside, CompletableFuture<@Nullable Attempt> both) {
    Admitted last = own.admit();
    if (last instanceof Admitted.Claiming claiming) {
      then(beside, claiming.attempt(), both);
    } else {
      answer(joined(((Admitted.Now) last).attempt(), beside), both);
    }
  }

  /** The store is asked for the business's trial. */
  private Admitted claiming(Attempt beside, CompletableFuture<@Nullable Attempt> claim) {
    CompletableFuture<@Nullable Attempt> both = new CompletableFuture<>();
    then(beside, claim, both);
    return new Admitted.Claiming(both);
  }

  private void then(
      Attempt beside,
      CompletableFuture<@Nullable Attempt> claim,
      CompletableFuture<@Nullable Attempt> both) {
    givesUp(both, claim);
    unneeded(
        claim.whenComplete(
            (attempt, impossible) -> {
              boolean isOver = !beside.circuit().hasSay(beside);
              if (isOver && attempt != null) {
                attempt.giveBack();
              }
              answer(joined(isOver ? null : attempt, beside), both);
            }));
  }

  private static void answer(@Nullable Attempt attempt, CompletableFuture<@Nullable Attempt> both) {
    if (!both.complete(attempt) && attempt != null) {
      attempt.giveBack();
    }
  }

  /** A caller who does not wait any longer leaves the trial that is being asked for to the next. */
  private static void givesUp(
      CompletableFuture<@Nullable Attempt> both, CompletableFuture<@Nullable Attempt> claim) {
    unneeded(
        both.whenComplete(
            (attempt, impossible) -> {
              if (attempt == null) {
                claim.complete(null);
              }
            }));
  }

  private static void unneeded(CompletableFuture<?> stage) {
    Objects.requireNonNull(stage);
  }
}
