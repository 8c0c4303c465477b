package dev.fusible.bench;

import java.util.List;
import java.util.Locale;

/** A curve on two logarithmic axes, as SVG. */
final class Plot {

  /** One line of the plot: what was measured at each place. */
  record Line(String name, List<double[]> points) {

    /** The exponent of the power law that fits best: 0 is a cost that does not grow. */
    double exponent() {
      double n = points.size();
      double sumX = 0;
      double sumY = 0;
      double sumXx = 0;
      double sumXy = 0;
      for (double[] point : points) {
        double x = Math.log(point[0]);
        double y = Math.log(point[1]);
        sumX += x;
        sumY += y;
        sumXx += x * x;
        sumXy += x * y;
      }
      return (n * sumXy - sumX * sumY) / (n * sumXx - sumX * sumX);
    }
  }

  private static final int WIDTH = 720;
  private static final int HEIGHT = 400;
  private static final int LEFT = 80;
  private static final int RIGHT = 30;
  private static final int TOP = 50;
  private static final int BOTTOM = 60;
  private static final List<String> COLOURS = List.of("#1f6feb", "#d1242f", "#1a7f37", "#8250df");

  private final String title;
  private final String across;
  private final String up;
  private final List<Line> lines;

  Plot(String title, String across, String up, List<Line> lines) {
    this.title = title;
    this.across = across;
    this.up = up;
    this.lines = lines;
  }

  String svg() {
    StringBuilder svg = new StringBuilder();
    add(
        svg,
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' font-family='sans-serif' font-size='13'>",
        WIDTH,
        HEIGHT);
    add(svg, "<rect width='%d' height='%d' fill='white'/>", WIDTH, HEIGHT);
    text(svg, WIDTH / 2.0, 24, "middle", title);
    text(svg, WIDTH / 2.0, HEIGHT - 14, "middle", across);
    add(svg, "<g transform='translate(18 %d) rotate(-90)'>", HEIGHT / 2);
    text(svg, 0, 0, "middle", up);
    add(svg, "</g>");
    grid(svg);
    for (int i = 0; i < lines.size(); i++) {
      line(svg, lines.get(i), COLOURS.get(i % COLOURS.size()), i);
    }
    add(svg, "</svg>");
    return svg.toString();
  }

  private void grid(StringBuilder svg) {
    for (int power = floor(0, false); power <= floor(0, true); power++) {
      double x = x(Math.pow(10, power));
      add(svg, "<path d='M%.1f %d V%d' stroke='#ddd'/>", x, TOP, HEIGHT - BOTTOM);
      text(svg, x, HEIGHT - BOTTOM + 18, "middle", shown(power));
    }
    for (int power = floor(1, false); power <= floor(1, true); power++) {
      double y = y(Math.pow(10, power));
      add(svg, "<path d='M%d %.1f H%d' stroke='#ddd'/>", LEFT, y, WIDTH - RIGHT);
      text(svg, LEFT - 8, y + 4, "end", shown(power));
    }
  }

  private void line(StringBuilder svg, Line line, String colour, int place) {
    StringBuilder path = new StringBuilder();
    for (double[] point : line.points()) {
      path.append(
          String.format(
              Locale.ROOT, "%s%.1f %.1f", path.isEmpty() ? "M" : "L", x(point[0]), y(point[1])));
      add(svg, "<circle cx='%.1f' cy='%.1f' r='3.5' fill='%s'/>", x(point[0]), y(point[1]), colour);
    }
    add(svg, "<path d='%s' fill='none' stroke='%s' stroke-width='2'/>", path, colour);
    double y = TOP + 16 + 18.0 * place;
    add(svg, "<rect x='%d' y='%.1f' width='12' height='4' fill='%s'/>", LEFT + 10, y - 6, colour);
    String legend = String.format(Locale.ROOT, "%s (exponent %.2f)", line.name(), line.exponent());
    text(svg, LEFT + 28, y, "start", legend);
  }

  private static String shown(int power) {
    return power < 0 || power > 6
        ? "10^" + power
        : String.format(Locale.ROOT, "%,.0f", Math.pow(10, power));
  }

  /** The power of ten below the least value, or above the greatest, of an axis. */
  private int floor(int axis, boolean above) {
    double least = Double.MAX_VALUE;
    double most = 0;
    for (Line line : lines) {
      for (double[] point : line.points()) {
        least = Math.min(least, point[axis]);
        most = Math.max(most, point[axis]);
      }
    }
    int low = (int) Math.floor(Math.log10(least));
    return above ? Math.max(low + 1, (int) Math.ceil(Math.log10(most))) : low;
  }

  private double x(double value) {
    return LEFT + (WIDTH - LEFT - RIGHT) * share(0, value);
  }

  private double y(double value) {
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share(1, value);
  }

  private double share(int axis, double value) {
    int low = floor(axis, false);
    return (Math.log10(value) - low) / (floor(axis, true) - low);
  }

  private static void text(StringBuilder svg, double x, double y, String anchor, String text) {
    String safe = text.replace("&", "&amp;").replace("<", "&lt;");
    add(svg, "<text x='%.1f' y='%.1f' text-anchor='%s'>%s</text>", x, y, anchor, safe);
  }

  private static void add(StringBuilder svg, String format, Object... values) {
    svg.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
