package dev.fusible;

import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Many seeds, on all processors.
 *
 * @param hash tells apart what happened in the runs, in whatever order they ran
 * @param sightings what they saw
 * @param violation of the first seed that broke an invariant; {@code null} if none did
 */
record Campaign(long hash, Sightings sightings, @Nullable InvariantViolation violation) {

  private record Run(
      long seed, long hash, Sightings sightings, @Nullable InvariantViolation violation) {}

  /** Runs the seeds from {@code first} on; one that breaks an invariant ends the campaign. */
  static Campaign run(long first, long seeds, int steps) {
    AtomicLong end = new AtomicLong(first + seeds);
    return LongStream.range(first, first + seeds)
        .parallel()
        .filter(seed -> seed < end.get())
        .mapToObj(seed -> run(seed, steps, end))
        .collect(Tally::new, Tally::add, Tally::addAll)
        .result();
  }

  private static Run run(long seed, int steps, AtomicLong end) {
    try {
      Simulation.Result result = Simulation.run(seed, steps);
      return new Run(seed, result.hash(), result.sightings(), null);
    } catch (InvariantViolation violation) {
      end.accumulateAndGet(seed, Math::min);
      return new Run(seed, 0, new Sightings(), violation);
    }
  }

  private static final class Tally {

    private final Sightings sightings = new Sightings();
    private long hash;
    private @Nullable Run broken;

    void add(Run run) {
      hash += run.hash;
      sightings.add(run.sightings);
      if (run.violation != null && (broken == null || run.seed < broken.seed)) {
        broken = run;
      }
    }

    void addAll(Tally other) {
      hash += other.hash;
      sightings.add(other.sightings);
      if (other.broken != null) {
        add(other.broken);
      }
    }

    Campaign result() {
      return new Campaign(hash, sightings, broken == null ? null : broken.violation);
    }
  }
}
