package dev.fusible.bench;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Lays the figures out as the table of rows, with ratios to the best peer. */
final class Table {

  /** A rejected call may cost this much more than no guard at all, however deep the stack. */
  private static final double DEEP_NANOS = 20;

  private final Map<Row, Map<String, Figure>> figures;

  Table(Map<Row, Map<String, Figure>> figures) {
    this.figures = figures;
  }

  String markdown() {
    StringBuilder table =
        new StringBuilder(
            """
            | row (ns a call / bytes a call) | floor | fusible | best peer | ratio | must | aim | verdict | others |
            |---|---|---|---|---|---|---|---|---|
            """);
    figures.forEach((row, byName) -> table.append(line(row, byName)));
    return table.toString();
  }

  private static String line(Row row, Map<String, Figure> byName) {
    Figure ours = byName.get(Subjects.OURS);
    Map.Entry<String, Figure> best = bestPeer(byName);
    double ratio =
        ours == null || best == null ? Double.NaN : ours.value() / best.getValue().value();
    List<String> others = new ArrayList<>();
    byName.forEach(
        (name, figure) -> {
          if (!List.of(Subjects.OURS, Subjects.FLOOR).contains(name)
              && (best == null || !name.equals(best.getKey()))) {
            others.add(name + " " + figure.shown());
          }
        });
    Figure floor = byName.get(Subjects.FLOOR);
    return "| "
        + String.join(
            " | ",
            row.title,
            floor == null ? "" : floor.shown(),
            ours == null ? "not offered" : ours.shown(),
            best == null ? "" : best.getKey() + " " + best.getValue().shown(),
            Double.isNaN(ratio) ? "" : String.format(Locale.ROOT, "%.2f", ratio),
            must(row),
            Double.isNaN(row.aim) ? "" : "≤ " + row.aim,
            ours == null ? "" : verdict(row, ours, ratio, byName.get(Subjects.BARE)),
            String.join(", ", others))
        + " |\n";
  }

  private static String must(Row row) {
    if (row == Row.OPEN_DEEP) {
      return "< " + (int) DEEP_NANOS + " ns over bare";
    }
    String bytes = row.mustBytes < 0 ? "" : ", ≤ " + row.mustBytes + " B";
    return Double.isNaN(row.must) ? "" : "≤ " + row.must + " ×" + bytes;
  }

  private static String verdict(Row row, Figure ours, double ratio, @Nullable Figure bare) {
    if (row == Row.OPEN_DEEP && bare != null) {
      double over = ours.value() - bare.value();
      return (over < DEEP_NANOS ? "met" : "MISSED") + ": " + Figure.number(over) + " ns over bare";
    }
    if (Double.isNaN(row.must) || Double.isNaN(ratio)) {
      return "";
    }
    // A byte or less is what the measuring itself leaves behind.
    boolean inBytes = row.mustBytes < 0 || ours.bytes() < row.mustBytes + 1;
    if (ratio > row.must || !inBytes) {
      return "MISSED";
    }
    return ratio <= row.aim ? "aim reached" : "met";
  }

  /** The fastest of the libraries, whichever way it is called. */
  private static Map.@Nullable Entry<String, Figure> bestPeer(Map<String, Figure> byName) {
    return byName.entrySet().stream()
        .filter(
            entry ->
                !List.of(Subjects.OURS, Subjects.FLOOR, Subjects.BARE).contains(entry.getKey()))
        .min(Comparator.comparingDouble(entry -> entry.getValue().value()))
        .orElse(null);
  }
}
