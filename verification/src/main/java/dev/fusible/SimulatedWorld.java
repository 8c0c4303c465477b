package dev.fusible;

import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One line of virtual time and all that is to happen on it, one step after the other on the calling
 * thread. Everything that is left to chance comes from one seed, so that a run can be repeated.
 */
final class SimulatedWorld {

  static final long MILLISECOND = 1_000_000L;
  static final long SECOND = 1_000 * MILLISECOND;

  /** More steps than this without the clock moving are a loop. */
  private static final int MOST_AT_ONCE = 10_000;

  /** What a step is, as the checks need to tell them apart. */
  enum Kind {
    /** A caller calls. */
    CALL,
    /** An operation ends, or its caller cancels. */
    OPERATION,
    /** An operator's order. */
    ORDER,
    /** A timer of an instance. */
    TIMER,
    /** A task of one of an instance's executors. */
    TASK,
    /** An answer of the store reaches an instance. */
    ANSWER,
    /** An instance closes, and the store answers it at once. */
    CLOSE,
    /** A request reaches the store. */
    REQUEST,
    /** What goes wrong in the world, and the driver's own doings. */
    WORLD
  }

  /**
   * One step. A step of an instance waits while the instance is paused, and is dropped when its
   * incarnation has ended.
   */
  static final class Step implements Comparable<Step> {

    final Kind kind;
    final @Nullable SimulatedInstance instance;
    final int incarnation;
    final @Nullable String business;
    private final Runnable action;
    private long at;
    private long order;
    private boolean cancelled;

    private Step(
        Kind kind,
        @Nullable SimulatedInstance instance,
        @Nullable String business,
        Runnable action) {
      this.kind = kind;
      this.instance = instance;
      this.incarnation = instance == null ? 0 : instance.incarnation();
      this.business = business;
      this.action = action;
    }

    void cancel() {
      cancelled = true;
    }

    @Override
    public int compareTo(Step other) {
      int byTime = Long.compare(at, other.at);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
  }

  final SplittableRandom random;
  final SimulationTrace trace = new SimulationTrace();
  private final PriorityQueue<Step> steps = new PriorityQueue<>();
  private long now;
  private long order;
  private int sinceTimePassed;
  private @Nullable InvariantViolation violation;

  SimulatedWorld(long seed) {
    random = new SplittableRandom(seed);
  }

  long now() {
    return now;
  }

  Step after(
      long delay,
      Kind kind,
      @Nullable SimulatedInstance instance,
      @Nullable String business,
      Runnable action) {
    Step step = new Step(kind, instance, business, action);
    put(step, now + delay);
    return step;
  }

  private void put(Step step, long at) {
    step.at = at;
    step.order = order++;
    steps.add(step);
  }

  /** When the next step is due. */
  long nextAt() {
    Step next = steps.peek();
    return next == null ? Long.MAX_VALUE : next.at;
  }

  /** Lets time pass in which nothing happens. */
  void passTo(long at) {
    now = Math.max(now, at);
  }

  /** Runs the next step; {@code null} if it was none after all. */
  @Nullable Step runNext() {
    Step step = steps.remove();
    if (step.cancelled) {
      return null;
    }
    sinceTimePassed = step.at > now ? 0 : sinceTimePassed + 1;
    check(
        sinceTimePassed < MOST_AT_ONCE, "time passes", () -> "steps follow each other without end");
    now = step.at;
    SimulatedInstance instance = step.instance;
    if (instance != null) {
      if (!instance.isUp() || instance.incarnation() != step.incarnation) {
        return null;
      }
      if (instance.pausedUntil() > now) {
        put(step, instance.pausedUntil());
        return null;
      }
    }
    try {
      step.action.run();
    } catch (InvariantViolation found) {
      fail(found);
    } catch (RuntimeException | Error thrown) {
      InvariantViolation found = new InvariantViolation("no exception escapes", thrown.toString());
      found.initCause(thrown);
      fail(found);
    }
    rethrow();
    return step;
  }

  /** Keeps the violation: thrown within a callback of the core, it would be caught there. */
  void fail(InvariantViolation found) {
    if (violation == null) {
      violation = found;
    }
  }

  void check(boolean holds, String invariant, Supplier<String> otherwise) {
    if (!holds) {
      fail(new InvariantViolation(invariant, otherwise.get()));
    }
  }

  void rethrow() {
    if (violation != null) {
      throw violation;
    }
  }

  boolean chance(double probability) {
    return random.nextDouble() < probability;
  }

  /** From {@code least} to {@code most}. */
  long between(long least, long most) {
    return least >= most ? least : random.nextLong(least, most + 1);
  }

  int upTo(int bound) {
    return random.nextInt(bound);
  }

  @SafeVarargs
  final <T> T oneOf(T... choices) {
    return choices[random.nextInt(choices.length)];
  }

  /** When the timers of an instance are due. */
  List<Long> timersOf(SimulatedInstance instance) {
    return steps.stream()
        .filter(
            step ->
                step.kind == Kind.TIMER
                    && step.instance == instance
                    && step.incarnation == instance.incarnation()
                    && !step.cancelled)
        .map(step -> step.at)
        .sorted()
        .toList();
  }
}
