package dev.fusible;

import org.jspecify.annotations.Nullable;

/**
 * A store could not be reached, did not answer in time, or refused. Its message is the code alone,
 * since a driver's message may carry what a row holds.
 */
public final class StoreException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final String code;

  /**
   * @param code what failed in a word or two of {@code [a-z0-9_]}, such as {@code timeout} or
   *     {@code table_missing}
   * @param cause what the driver threw; kept for a debugger, never logged
   */
  public StoreException(String code, @Nullable Throwable cause) {
    super(code, cause);
    this.code = code;
  }

  /** What failed, as a short code that is safe to log. */
  public String code() {
    return code;
  }
}
