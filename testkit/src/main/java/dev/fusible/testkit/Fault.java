package dev.fusible.testkit;

/** How a {@link FaultyUpstream} misbehaves. Each is one that real upstreams have. */
public enum Fault {
  /** Answers well. */
  NONE,
  /** Accepts the request and never answers, not even with headers. */
  HANG,
  /** 500 with a JSON error, at once. */
  ERROR,
  /**
   * Answers whole, but the first content comes after {@link FaultyUpstream#slowBy} (6 s). A stream
   * has its headers and its role delta at once, since bytes are not speech; an answer that does not
   * stream comes whole after that time.
   */
  SLOW,
  /**
   * A stream ends after two words with the connection closed, without [DONE]; other answers in the
   * middle of the body.
   */
  CUT,
  /** Five words of a stream, or half of the body, and then silence on an open connection. */
  STALL,
  /** A word at a time, one in {@link FaultyUpstream#dripEvery} (2.5 s), to the end. */
  DRIP,
  /** 200 and then comments, empty deltas and white space for ever, never content. */
  KEEP_ALIVE,
  /** 429 with a Retry-After of {@link FaultyUpstream#retryAfter} (20 s). */
  RATE_LIMIT,
  /** 401: the key is wrong. */
  UNAUTHORIZED,
  /** 400: the caller's request is wrong. */
  BAD_REQUEST,
  /** 400 with the code content_filter. */
  CONTENT_FILTER,
  /** 404 with the code model_not_found. */
  UNKNOWN_MODEL,
  /** 200 with a web page, as a proxy in between may send. */
  HTML,
  /** 200 with an error object in place of the answer. */
  ERROR_IN_200,
  /** Closes the connection before the first byte of an answer. */
  REFUSE,
  /** A well-formed answer that never ends, as fast as the client reads. */
  HUGE,
  /** One line that never ends, as fast as the client reads. */
  LONG_LINE
}
