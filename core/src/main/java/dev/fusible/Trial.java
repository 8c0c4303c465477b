package dev.fusible;

/**
 * The trial of a circuit that is not CLOSED, as this instance knows it.
 *
 * @param token who holds it
 * @param phase how far it is
 * @param leaseUntilNanos when the lease ends, on this instance's monotonic clock
 */
record Trial(String token, Phase phase, long leaseUntilNanos) {

  enum Phase {
    /** This instance is asking the store for the lease. */
    CLAIMING,
    /**
     * This instance has the lease, but the caller that asked has been answered: the next call runs
     * as the trial.
     */
    READY,
    /** An attempt of this instance is running as the trial. */
    RUNNING,
    /** Another instance holds the lease. */
    ELSEWHERE
  }

  boolean hasExpired(long nowNanos) {
    return nowNanos - leaseUntilNanos >= 0;
  }

  /** Whether this instance holds the lease. */
  boolean isOurs() {
    return phase == Phase.READY || phase == Phase.RUNNING;
  }

  Trial in(Phase next) {
    return new Trial(token, next, leaseUntilNanos);
  }
}
