package dev.fusible;

/** What a call that arrives may do. */
enum Admission {
  /** Run as an ordinary call. */
  RUN,
  /** Be answered with the fallback. */
  REJECT,
  /** Ask the store for the trial. */
  CLAIM,
  /** Run as the trial: the lease is here already. */
  TRIAL
}
