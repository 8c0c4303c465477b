package dev.fusible;

/** Why a caller heard a sentence in place of the answer. */
public enum FallbackType {
  /** The operation failed. */
  SYSTEM_ERROR,
  /** The operation took longer than its limit. */
  TIMEOUT,
  /** The circuit was open, so the operation was not run. */
  CIRCUIT_OPEN
}
