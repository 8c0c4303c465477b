package dev.fusible;

import org.jspecify.annotations.Nullable;

/**
 * What an attempt came to, as the state machine sees it.
 *
 * @param kind which way it ended
 * @param elapsedNanos how long it took; 0 where nobody measures
 * @param errorCode the failure's class or code; {@code null} unless a failure
 */
record Outcome(Kind kind, long elapsedNanos, @Nullable String errorCode) {

  enum Kind {
    SUCCESS,
    FAILURE,
    TIMEOUT,
    /** Neither: the caller's own cancellation, or what the configuration says to ignore. */
    IGNORED
  }

  /** A success whose duration no policy asks for: shared, so that it costs nothing. */
  static final Outcome SUCCESS = new Outcome(Kind.SUCCESS, 0, null);

  static final Outcome IGNORED = new Outcome(Kind.IGNORED, 0, null);

  static final String TIMEOUT_CODE = "timeout";
  static final String RESULT_CODE = "result";
  static final String SLOW_CODE = "slow";

  private static final int LONGEST_CODE = 128;

  /**
   * @param isMeasured whether anybody asks how long a success took
   */
  static Outcome of(Kind kind, long elapsedNanos, String errorCode, boolean isMeasured) {
    return switch (kind) {
      case SUCCESS -> isMeasured ? new Outcome(kind, elapsedNanos, null) : SUCCESS;
      case IGNORED -> IGNORED;
      case FAILURE, TIMEOUT -> new Outcome(kind, elapsedNanos, errorCode);
    };
  }

  boolean isFailure() {
    return kind == Kind.FAILURE || kind == Kind.TIMEOUT;
  }

  /** The class of what was thrown: all of it that may be logged or stored. */
  static String codeOf(Throwable error) {
    String name = error.getClass().getSimpleName();
    String code = name.isEmpty() ? error.getClass().getName() : name;
    return code.length() <= LONGEST_CODE ? code : code.substring(0, LONGEST_CODE);
  }
}
