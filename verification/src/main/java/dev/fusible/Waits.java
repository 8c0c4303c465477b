package dev.fusible;

/** How long a circuit must wait, and when it must be done waiting, by the documents. */
final class Waits {

  private Waits() {}

  /** The shortest wait before a trial after so many failed ones. */
  static long least(CircuitBreakerConfig config, int failedTrials) {
    return bounded(config, failedTrials, 0.9);
  }

  /** The longest. */
  static long most(CircuitBreakerConfig config) {
    return config.recoveryBackoff() == 1.0
        ? config.recoveryTimeout().toNanos()
        : config.maxRecoveryTimeout().toNanos();
  }

  private static long bounded(CircuitBreakerConfig config, int failedTrials, double jitter) {
    double base = config.recoveryTimeout().toNanos();
    if (config.recoveryBackoff() == 1.0 || failedTrials == 0) {
      return (long) base;
    }
    double grown = base * Math.pow(config.recoveryBackoff(), failedTrials) * jitter;
    return (long) Math.min(config.maxRecoveryTimeout().toNanos(), Math.max(base, grown));
  }
}
