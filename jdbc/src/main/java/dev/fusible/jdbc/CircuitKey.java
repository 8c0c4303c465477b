package dev.fusible.jdbc;

import java.util.regex.Pattern;

/**
 * Whose circuit a row is. A business and an upstream may be called the same, so the kind is part of
 * the key.
 *
 * @param kind {@link #BUSINESS} or {@link #UPSTREAM}
 * @param name the business's id or the upstream's name
 */
record CircuitKey(String kind, String name) {

  static final String BUSINESS = "business";
  static final String UPSTREAM = "upstream";

  /** No business id has a slash, so none is taken for an upstream. */
  private static final String UPSTREAM_PREFIX = "upstream/";

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._:-]{1,128}");

  /**
   * The key that the store's interface calls {@code id}.
   *
   * @throws IllegalArgumentException if the id is neither a business's nor an upstream's
   */
  static CircuitKey of(String id) {
    CircuitKey key =
        id.startsWith(UPSTREAM_PREFIX)
            ? new CircuitKey(UPSTREAM, id.substring(UPSTREAM_PREFIX.length()))
            : new CircuitKey(BUSINESS, id);
    if (!NAME.matcher(key.name).matches()) {
      throw new IllegalArgumentException(
          "a circuit's id must be 1 to 128 characters of A-Z a-z 0-9 . _ : -");
    }
    return key;
  }

  String id() {
    return kind.equals(UPSTREAM) ? UPSTREAM_PREFIX + name : name;
  }
}
