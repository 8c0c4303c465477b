package dev.fusible.bench;

import java.util.Locale;

/**
 * One figure of the table.
 *
 * @param value nanoseconds a call, or bytes in the row of the heap
 * @param error half the width of its 99.9 % confidence interval
 * @param bytes allocated by a call
 */
record Figure(double value, double error, double bytes) {

  /** As the table has it. */
  String shown() {
    return bytes < 0
        ? number(value)
        : number(value) + " / " + String.format(Locale.ROOT, "%,.0f", bytes);
  }

  static String number(double value) {
    return String.format(Locale.ROOT, value < 100 ? "%,.1f" : "%,.0f", value);
  }
}
