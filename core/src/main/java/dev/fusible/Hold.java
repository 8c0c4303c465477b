package dev.fusible;

/** Whether an operator holds a circuit in a state until it is reset. */
public enum Hold {
  /** The circuit follows its own rules. */
  NONE,
  /** Forced open: nothing runs and no trial starts. */
  OPEN,
  /** Forced closed: every call runs, whatever fails. */
  CLOSED
}
