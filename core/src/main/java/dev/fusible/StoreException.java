package dev.fusible;

import org.jspecify.annotations.Nullable;

/**
 * A store could not be reached, did not answer in time, or refused. Its message is the code alone,
 * since a driver's message may carry what a row holds.
 */
public final class StoreException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final String code;
  private final boolean ofRow;

  /**
   * An outage: the store works for no circuit.
   *
   * @param code what failed in a word or two of {@code [a-z0-9_]}, such as {@code timeout} or
   *     {@code table_missing}
   * @param cause what the driver threw; kept for a debugger, never logged
   */
  public StoreException(String code, @Nullable Throwable cause) {
    this(code, false, cause);
  }

  private StoreException(String code, boolean ofRow, @Nullable Throwable cause) {
    super(code, cause);
    this.code = code;
    this.ofRow = ofRow;
  }

  /**
   * No outage: one circuit's row is locked, refused, or can't be understood, and the store works
   * for all others.
   *
   * @param code as of an outage, such as {@code row_unreadable}
   * @param cause what the driver threw, if it was the driver that found out
   */
  public static StoreException ofRow(String code, @Nullable Throwable cause) {
    return new StoreException(code, true, cause);
  }

  /** What failed, as a short code that is safe to log. */
  public String code() {
    return code;
  }

  /** Whether one row is the matter, and not the store. */
  public boolean isOfRow() {
    return ofRow;
  }
}
