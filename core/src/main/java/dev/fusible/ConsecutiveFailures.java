package dev.fusible;

/** Opens after {@code failureThreshold} failures in a row. */
enum ConsecutiveFailures implements TripPolicy {
  INSTANCE;

  @Override
  public String toString() {
    return "consecutiveFailures";
  }
}
