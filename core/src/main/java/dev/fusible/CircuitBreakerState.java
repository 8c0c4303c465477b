package dev.fusible;

/** The three states of a circuit. */
public enum CircuitBreakerState {
  /** Calls run; failures are counted. */
  CLOSED,
  /** Nothing runs; every call is answered with a fallback at once. */
  OPEN,
  /** One call, the trial, runs to find out whether the dependency is back. */
  HALF_OPEN
}
