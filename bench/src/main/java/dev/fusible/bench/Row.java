package dev.fusible.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** What is measured, and what it must come to. */
enum Row {
  CLOSED("closed, success, 1 thread", Limit.NONE, Must.ratio(0.5, 0.15, 0)),
  CLOSED_2_THREADS("the same circuit, 2 threads", Limit.NONE, Must.ratio(0.15, 0.05, 0)),
  EVERY_16TH_FAILS("closed, every 16th call fails", Limit.NONE, Must.ratio(0.6, 0.4)),
  OPEN("open, fallback value", Limit.NONE, Must.ratio(0.4, 0.15, 0)),
  OPEN_DEEP("open, 64 frames deep", Limit.NONE, Must.overBare(20)),
  ASYNC("async, already complete", Limit.NONE, Must.ratio(0.3, 0.1, 32)),
  ASYNC_HANDED_ON("async, already complete, stage handed on", Limit.NONE, Must.NOTHING),
  ASYNC_LIMITED("async with the 8 s limit", Limit.ANY, Must.ratio(0.4, 0.25, 200)),
  ASYNC_PENDING("async with the 8 s limit, completed later", Limit.ANY, Must.NOTHING),
  SYNC_FREED("sync, 8 s limit, caller always freed", Limit.CALLER_FREED, Must.ratio(0.5, 0.2)),
  SYNC_INTERRUPTED(
      "sync, 8 s limit, interrupting the caller",
      Limit.CALLER_INTERRUPTED,
      Must.ratio(0.25, 0.12, 64)),
  LOOK_UP("look up one of 100,000 and call", Limit.NONE, Must.ratio(0.6, 0.35)),
  CYCLE("cycle closed, open, half-open, closed", Limit.NONE, Must.ratio(0.25, 0.08)),
  GRAPH_NODE("a LangGraph4j run of one node that does nothing", Limit.ANY, Must.overBare(2_000)),
  HEAP("heap for each circuit, bytes", Limit.NONE, Must.ratio(0.5, 0.25));

  /** What bounds a call of the row. */
  enum Limit {
    NONE,
    ANY,
    CALLER_FREED,
    CALLER_INTERRUPTED
  }

  /**
   * What ours must come to; not a number, or below zero, where nothing is asked.
   *
   * @param ratio the most, in parts of the best peer
   * @param aim the same, to be proud of
   * @param overBareNanos the most over a call without a guard
   * @param bytes the most that a call may allocate
   */
  record Must(double ratio, double aim, double overBareNanos, int bytes) {

    static final Must NOTHING = new Must(Double.NaN, Double.NaN, Double.NaN, -1);

    static Must ratio(double ratio, double aim) {
      return ratio(ratio, aim, -1);
    }

    static Must ratio(double ratio, double aim, int bytes) {
      return new Must(ratio, aim, Double.NaN, bytes);
    }

    static Must overBare(double nanos) {
      return new Must(Double.NaN, Double.NaN, nanos, -1);
    }

    /** As the table has it. */
    String shown() {
      if (!Double.isNaN(overBareNanos)) {
        return String.format(Locale.ROOT, "< %,.0f ns over bare", overBareNanos);
      }
      String most = bytes < 0 ? "" : ", ≤ " + bytes + " B";
      return Double.isNaN(ratio) ? "" : "≤ " + ratio + " ×" + most;
    }
  }

  /** The limit of the rows that have one. */
  static final long LIMIT_MILLIS = 8_000;

  final String title;
  final Limit limit;
  final Must must;

  Row(String title, Limit limit, Must must) {
    this.title = title;
    this.limit = limit;
    this.must = must;
  }

  /** Those that are timed by the method of {@link Timed} that has their name. */
  static List<Row> timed() {
    return Arrays.stream(values())
        .filter(row -> row != HEAP && row != CYCLE && row != GRAPH_NODE)
        .toList();
  }

  boolean isAsync() {
    return name().startsWith("ASYNC");
  }
}
