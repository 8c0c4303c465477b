package dev.fusible;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs seeds of the simulator, from {@code --seed} on. */
@Command(
    name = "fusible simulate",
    mixinStandardHelpOptions = true,
    description = "Runs a fleet of circuit breakers in simulated time and checks its invariants.",
    footer = {
      "",
      "What goes wrong, and when, comes from the seed alone: the same seed and",
      "steps are the same run. One that breaks an invariant prints how it came to it."
    })
final class Simulate implements Callable<Integer> {

  @Option(names = "--seed", defaultValue = "1", description = "The first seed: 1.")
  private long seed;

  @Option(
      names = "--steps",
      defaultValue = "300",
      description = "Calls and troubles in a run: 300.")
  private int steps;

  @Option(names = "--seeds", defaultValue = "1", description = "How many seeds to run: 1.")
  private long seeds;

  public static void main(String[] arguments) {
    System.exit(new CommandLine(new Simulate()).execute(arguments));
  }

  @Override
  public Integer call() {
    long began = System.nanoTime();
    Campaign campaign = Campaign.run(seed, seeds, steps);
    if (campaign.violation() != null) {
      System.out.println(campaign.violation().getMessage());
      return 1;
    }
    double took = (System.nanoTime() - began) / 1e9;
    System.out.printf(
        "held: %d to %d, %d steps each, in %.1f s; trace %016x%n",
        seed, seed + seeds - 1, steps, took, campaign.hash());
    for (Sightings.Sight sight : Sightings.Sight.values()) {
      System.out.printf("%12d  %s%n", campaign.sightings().count(sight), sight);
    }
    return 0;
  }
}
