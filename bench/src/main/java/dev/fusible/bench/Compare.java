package dev.fusible.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Checks all subjects, runs all rows, and prints the table: {@code Compare <directory> [--quick]
 * [--check] [--subjects=a,b] [ROW ...]}. The directory gets the figures as CSV and the table as
 * Markdown.
 */
final class Compare {

  private static final List<String> JVM = List.of("-Xms1g", "-Xmx1g");

  private final boolean quick;
  private final List<Row> rows;
  private final List<String> names;
  private final Map<Row, Map<String, Figure>> figures = new EnumMap<>(Row.class);

  private Compare(boolean quick, List<Row> rows, List<String> names) {
    this.quick = quick;
    this.rows = rows;
    this.names = names;
  }

  public static void main(String[] arguments) {
    int status = 1;
    try {
      compare(arguments);
      status = 0;
    } catch (RunnerException | IOException | RuntimeException failure) {
      failure.printStackTrace();
    } finally {
      // Some libraries leave threads behind that would keep the process.
      System.exit(status);
    }
  }

  private static void compare(String[] arguments) throws RunnerException, IOException {
    boolean quick = false;
    boolean onlyCheck = false;
    List<Row> rows = new ArrayList<>();
    List<String> names = Subjects.NAMES;
    for (String argument : Arrays.asList(arguments).subList(1, arguments.length)) {
      if (argument.equals("--quick")) {
        quick = true;
      } else if (argument.equals("--check")) {
        onlyCheck = true;
      } else if (argument.startsWith("--subjects=")) {
        names = List.of(argument.substring("--subjects=".length()).split(",", -1));
      } else {
        rows.add(Row.valueOf(argument));
      }
    }
    Compare compare = new Compare(quick, rows.isEmpty() ? List.of(Row.values()) : rows, names);
    compare.checkAll();
    if (!onlyCheck) {
      compare.run(Path.of(arguments[0]));
    }
  }

  private void run(Path directory) throws RunnerException, IOException {
    for (Row row : rows) {
      figures.put(row, row == Row.HEAP ? heap() : timed(row));
    }
    String table = new Table(figures).markdown();
    System.out.println();
    System.out.println(table);
    int feature = Runtime.version().feature();
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("rows-" + feature + ".md"), table);
    Files.writeString(directory.resolve("rows-" + feature + ".csv"), csv());
  }

  private void checkAll() {
    for (String name : names) {
      String missing = Subjects.whyMissing(name);
      if (missing != null) {
        System.out.println(name + " is missing: " + missing);
      }
    }
    for (Row row : rows) {
      // A graph's run shows by itself that its node ran.
      for (String name : row == Row.GRAPH_NODE ? List.<String>of() : offering(row)) {
        System.out.printf(
            Locale.ROOT, "checked: %-42s %-20s %s%n", row.title, name, Check.check(name, row));
      }
    }
  }

  private List<String> offering(Row row) {
    return names.stream().filter(name -> Subjects.offers(name, row)).toList();
  }

  /** A peer that fails, as one that runs out of memory, has no figure; ours must have one. */
  private Map<String, Figure> timed(Row row) throws RunnerException {
    String method =
        switch (row) {
          case CYCLE -> TimedCycle.class.getName() + ".cycle";
          case GRAPH_NODE -> TimedGraph.class.getName() + ".graphNode";
          default -> Timed.class.getName() + "." + Timed.methodOf(row);
        };
    List<String> subjects = row == Row.GRAPH_NODE ? TimedGraph.SUBJECTS : offering(row);
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include("^" + method.replace(".", "\\.") + "$")
            .param("subject", subjects.toArray(String[]::new))
            .addProfiler(GCProfiler.class)
            .jvmArgs(JVM.toArray(String[]::new))
            .forks(quick ? 1 : 3);
    if (row == Row.CYCLE) {
      options.warmupIterations(quick ? 20 : 60).measurementIterations(quick ? 20 : 60);
    } else {
      options
          .warmupIterations(quick ? 8 : 5)
          .measurementIterations(quick ? 50 : 5)
          .warmupTime(TimeValue.milliseconds(quick ? 150 : 1_000))
          .measurementTime(TimeValue.milliseconds(quick ? 40 : 1_000));
    }
    Map<String, Figure> byName = new LinkedHashMap<>();
    for (RunResult result : new Runner(options.build()).run()) {
      Result<?> bytes = result.getSecondaryResults().get("gc.alloc.rate.norm");
      byName.put(
          result.getParams().getParam("subject"),
          new Figure(
              quick
                  ? result.getPrimaryResult().getStatistics().getMin()
                  : result.getPrimaryResult().getScore(),
              quick ? 0 : result.getPrimaryResult().getScoreError(),
              bytes == null ? 0 : bytes.getScore()));
    }
    if (subjects.contains(Subjects.OURS) && !byName.containsKey(Subjects.OURS)) {
      throw new IllegalStateException(row.title + ": ours has failed");
    }
    return byName;
  }

  private Map<String, Figure> heap() throws IOException {
    Map<String, Figure> byName = new LinkedHashMap<>();
    for (String name : offering(Row.HEAP)) {
      byName.put(name, new Figure(Double.parseDouble(Forked.lastLine(Heap.class, name)), 0, -1));
    }
    return byName;
  }

  private String csv() {
    StringBuilder csv = new StringBuilder("java,row,subject,value,error,bytes\n");
    figures.forEach(
        (row, byName) ->
            byName.forEach(
                (name, figure) ->
                    csv.append(
                        String.format(
                            Locale.ROOT,
                            "%d,%s,%s,%.3f,%.3f,%.3f%n",
                            Runtime.version().feature(),
                            row,
                            name,
                            figure.value(),
                            Double.isNaN(figure.error()) ? 0 : figure.error(),
                            figure.bytes()))));
    return csv.toString();
  }
}
