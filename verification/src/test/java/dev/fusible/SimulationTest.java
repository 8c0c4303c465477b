package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** A fleet of the real breakers, in simulated time, with all that can go wrong. */
class SimulationTest {

  private static final int STEPS = 300;
  private static final Campaign CAMPAIGN = Campaign.run(1, Long.getLong("seeds", 1_000), STEPS);

  @Test
  void no_seed_breaks_an_invariant() {
    InvariantViolation violation = CAMPAIGN.violation();
    if (violation != null) {
      throw violation;
    }
  }

  @Test
  void every_situation_that_runs_are_for_arises() {
    List<Sightings.Sight> unseen =
        Arrays.stream(Sightings.Sight.values())
            .filter(sight -> CAMPAIGN.sightings().count(sight) == 0)
            .toList();
    assertThat(unseen).isEmpty();
  }

  @Test
  void a_seed_is_the_same_run_each_time_and_whatever_runs_beside_it() {
    long alone = LongStream.rangeClosed(1, 50).map(s -> Simulation.run(s, STEPS).hash()).sum();

    assertThat(Campaign.run(1, 50, STEPS).hash()).isEqualTo(alone);
  }
}
