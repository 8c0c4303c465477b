package dev.fusible.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.CompilerControl;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.infra.BenchmarkParams;

/** The rows that are timed call by call; each method has its row's name. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init") // JMH fills the fields in.
public class Timed {

  private static final int FRAMES = 64;
  private static final int BUSINESSES = 100_000;

  /** Which library. */
  @Param({"fusible"})
  public String subject;

  private final Operation<String> answering = new Operation.Answering<>("answer");
  private final Operation<String> failingAtTimes = new Operation.Failing(16);
  private final Operation<CompletionStage<String>> complete =
      new Operation.Answering<>(CompletableFuture.completedFuture("answer"));
  private final Pending pending = new Pending();
  private String[] ids = new String[0];
  private int next;
  private Row row;
  private Subject guard;

  /** A guard for the row that is about to be timed. */
  @Setup(Level.Trial)
  public void make(BenchmarkParams params) {
    row = rowOf(params.getBenchmark());
    guard = Subjects.open(subject, row);
    if (row == Row.LOOK_UP) {
      lookUpAll();
    }
  }

  private void lookUpAll() {
    List<String> shuffled = new ArrayList<>();
    for (int i = 0; i < BUSINESSES; i++) {
      guard.callFor("business-" + i, answering);
      // Equal to the key, as an id out of a request is, and not the same.
      shuffled.add("business-" + i);
    }
    Collections.shuffle(shuffled, new Random(1));
    ids = shuffled.toArray(String[]::new);
  }

  /** A circuit is open for 30 s, so each iteration opens another. */
  @Setup(Level.Iteration)
  public void reopen() {
    if (row == Row.OPEN || row == Row.OPEN_DEEP) {
      guard.close();
      guard = Subjects.open(subject, row);
      int unused = guard.open(row);
    }
  }

  /** Ends what the guard began. */
  @TearDown(Level.Trial)
  public void close() {
    guard.close();
  }

  private static Row rowOf(String method) {
    String name = method.substring(method.lastIndexOf('.') + 1);
    for (Row row : Row.timed()) {
      if (methodOf(row).equals(name)) {
        return row;
      }
    }
    throw new IllegalArgumentException(method);
  }

  /** The name of the method that times {@code row}. */
  static String methodOf(Row row) {
    StringBuilder name = new StringBuilder();
    for (String word : row.name().toLowerCase(Locale.ROOT).split("_", -1)) {
      name.append(
          name.isEmpty() ? word : Character.toUpperCase(word.charAt(0)) + word.substring(1));
    }
    return name.toString();
  }

  @Benchmark
  public String closed() {
    return guard.call(answering);
  }

  @Benchmark
  @Threads(2)
  public String closed2Threads() {
    return guard.call(answering);
  }

  @Benchmark
  public String every16thFails() {
    return guard.call(failingAtTimes);
  }

  @Benchmark
  public String open() {
    return guard.call(answering);
  }

  @Benchmark
  public String openDeep() {
    return deep(FRAMES);
  }

  @CompilerControl(CompilerControl.Mode.DONT_INLINE)
  private String deep(int frames) {
    return frames == 0 ? guard.call(answering) : deep(frames - 1);
  }

  @Benchmark
  public String async() {
    return guard.answer(complete);
  }

  @Benchmark
  public Object asyncHandedOn() {
    return guard.stage(complete);
  }

  @Benchmark
  public String asyncLimited() {
    return guard.answer(complete);
  }

  @Benchmark
  public Object asyncPending() {
    CompletionStage<?> stage = guard.stage(pending);
    pending.complete();
    return stage.toCompletableFuture().join();
  }

  @Benchmark
  public String syncFreed() {
    return guard.callLimited(answering);
  }

  @Benchmark
  public String syncInterrupted() {
    return guard.callLimited(answering);
  }

  @Benchmark
  public String lookUp() {
    next = next + 1 < ids.length ? next + 1 : 0;
    return guard.callFor(ids[next], answering);
  }

  /** Answers when it is told to. */
  private static final class Pending extends Operation<CompletionStage<String>> {

    private CompletableFuture<String> answer = new CompletableFuture<>();

    @Override
    public CompletionStage<String> get() {
      return answer;
    }

    void complete() {
      CompletableFuture<String> asked = answer;
      answer = new CompletableFuture<>();
      asked.complete("answer");
    }
  }
}
