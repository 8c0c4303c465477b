package dev.fusible;

import org.jspecify.annotations.Nullable;

/**
 * The states of businesses' circuits that have had no failure, shared by all of them: most circuits
 * are so, and need no state of their own.
 */
final class Healthy {

  /** More requests than that are counted in states of their own; volume thresholds are lower. */
  private static final int MOST_REQUESTS = 64;

  private static final MachineState[] UNREAD = counting(MachineState.INITIAL);
  private static final MachineState[] NEW = counting(MachineState.INITIAL_LOADED);

  private Healthy() {}

  private static MachineState[] counting(MachineState none) {
    MachineState[] states = new MachineState[MOST_REQUESTS + 1];
    states[0] = none;
    for (int requests = 1; requests <= MOST_REQUESTS; requests++) {
      states[requests] = states[requests - 1].counted(0, requests, null, null);
    }
    return states;
  }

  /** What comes after a success; {@code null} if that is none of the shared ones. */
  static @Nullable MachineState afterSuccess(MachineState s) {
    int requests = s.requestCount();
    if (requests >= MOST_REQUESTS) {
      return null;
    }
    if (s == NEW[requests]) {
      return NEW[requests + 1];
    }
    return s == UNREAD[requests] ? UNREAD[requests + 1] : null;
  }

  /** The same once it is known that there is no row; {@code null} if it is none of the shared. */
  static @Nullable MachineState read(MachineState s) {
    int requests = s.requestCount();
    return requests <= MOST_REQUESTS && s == UNREAD[requests] ? NEW[requests] : null;
  }
}
