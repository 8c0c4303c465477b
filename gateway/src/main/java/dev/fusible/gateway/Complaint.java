package dev.fusible.gateway;

/**
 * One thing that is wrong with a configuration. It never repeats a value, which could be a secret
 * in the wrong place.
 *
 * @param origin where it was written
 * @param path the field, such as {@code upstreams[0].url}; empty for the whole
 * @param problem what is wrong and what to write instead
 */
record Complaint(Origin origin, String path, String problem) {

  @Override
  public String toString() {
    String field = path.isEmpty() || origin.text().endsWith(" " + path) ? "" : path + ": ";
    return origin.text() + ": " + field + problem;
  }
}
