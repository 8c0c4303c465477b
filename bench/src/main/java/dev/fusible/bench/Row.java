package dev.fusible.bench;

import java.util.List;

/** What is measured, and what it must come to. */
enum Row {
  CLOSED("closed, success, 1 thread", Limit.NONE, 0.5, 0.15, 0),
  CLOSED_2_THREADS("the same circuit, 2 threads", Limit.NONE, 0.15, 0.05, 0),
  EVERY_16TH_FAILS("closed, every 16th call fails", Limit.NONE, 0.6, 0.4, -1),
  OPEN("open, fallback value", Limit.NONE, 0.4, 0.15, 0),
  OPEN_DEEP("open, 64 frames deep", Limit.NONE, Double.NaN, Double.NaN, -1),
  ASYNC("async, already complete", Limit.NONE, 0.3, 0.1, 32),
  ASYNC_HANDED_ON(
      "async, already complete, stage handed on", Limit.NONE, Double.NaN, Double.NaN, -1),
  ASYNC_LIMITED("async with the 8 s limit", Limit.ANY, 0.4, 0.25, 200),
  ASYNC_PENDING("async with the 8 s limit, completed later", Limit.ANY, Double.NaN, Double.NaN, -1),
  SYNC_FREED("sync, 8 s limit, caller always freed", Limit.CALLER_FREED, 0.5, 0.2, -1),
  SYNC_INTERRUPTED(
      "sync, 8 s limit, interrupting the caller", Limit.CALLER_INTERRUPTED, 0.25, 0.12, 64),
  LOOK_UP("look up one of 100,000 and call", Limit.NONE, 0.6, 0.35, -1),
  CYCLE("cycle closed, open, half-open, closed", Limit.NONE, 0.25, 0.08, -1),
  HEAP("heap for each circuit, bytes", Limit.NONE, 0.5, 0.25, -1);

  /** What bounds a call of the row. */
  enum Limit {
    NONE,
    ANY,
    CALLER_FREED,
    CALLER_INTERRUPTED
  }

  /** The limit of the rows that have one, and of the check that it cuts off. */
  static final long LIMIT_MILLIS = 8_000;

  final String title;
  final Limit limit;

  /**
   * The most that ours may take, in parts of the best peer; not a number where nothing is asked.
   */
  final double must;

  final double aim;

  /** The most bytes that a call of ours may allocate; below zero where nothing is asked. */
  final int mustBytes;

  Row(String title, Limit limit, double must, double aim, int mustBytes) {
    this.title = title;
    this.limit = limit;
    this.must = must;
    this.aim = aim;
    this.mustBytes = mustBytes;
  }

  /** Those that are timed, each by the method of {@link Timed} that has its name. */
  static List<Row> timed() {
    return List.of(values()).stream().filter(row -> row != HEAP).toList();
  }

  boolean isAsync() {
    return name().startsWith("ASYNC");
  }
}
