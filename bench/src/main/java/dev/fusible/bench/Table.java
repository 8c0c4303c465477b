package dev.fusible.bench;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Lays the figures out as the table of rows, with ratios to the best peer. */
final class Table {

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
            row.must.shown(),
            Double.isNaN(row.must.aim()) ? "" : "≤ " + row.must.aim(),
            ours == null ? "" : verdict(row, ours, ratio, byName.get(Subjects.BARE)),
            String.join(", ", others))
        + " |\n";
  }

  private static String verdict(Row row, Figure ours, double ratio, @Nullable Figure bare) {
    Row.Must must = row.must;
    if (!Double.isNaN(must.overBareNanos()) && bare != null) {
      double over = ours.value() - bare.value();
      return (over < must.overBareNanos() ? "met" : "MISSED")
          + ": "
          + Figure.number(over)
          + " ns over bare";
    }
    if (Double.isNaN(must.ratio()) || Double.isNaN(ratio)) {
      return "";
    }
    // A byte or less is what the measuring itself leaves behind.
    boolean inBytes = must.bytes() < 0 || ours.bytes() < must.bytes() + 1;
    if (ratio > must.ratio() || !inBytes) {
      return "MISSED";
    }
    return ratio <= must.aim() ? "aim reached" : "met";
  }

  /** The fastest of the libraries, whichever way it is called. */
  private static Map.@Nullable Entry<String, Figure> bestPeer(Map<String, Figure> byName) {
    return byName.entrySet().stream()
        .filter(
            entry ->
                !entry.getKey().startsWith(Subjects.OURS)
                    && !List.of(Subjects.FLOOR, Subjects.BARE).contains(entry.getKey()))
        .min(Comparator.comparingDouble(entry -> entry.getValue().value()))
        .orElse(null);
  }
}
