package dev.fusible.gateway;

/**
 * Where a setting was written, as a complaint names it.
 *
 * @param order where its complaints stand among the others
 * @param text a line of the file, a variable or a flag
 */
record Origin(int order, String text) {

  static Origin line(int line) {
    return new Origin(line, "line " + line);
  }

  /** A variable or a flag; its complaints come after the file's. */
  static Origin named(String name) {
    return new Origin(Integer.MAX_VALUE, name);
  }
}
