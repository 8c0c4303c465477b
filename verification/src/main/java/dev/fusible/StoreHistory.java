package dev.fusible;

import dev.fusible.Sightings.Sight;
import dev.fusible.SimulatedStore.Commit;
import dev.fusible.SimulatedStore.Row;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** All that was committed, and whether it may have been. */
final class StoreHistory {

  private record Version(long at, long version) {}

  private final Simulation simulation;
  private final SimulatedWorld world;
  private final Map<String, List<Version>> versions = new HashMap<>();
  private final Map<String, Long> unreadableUntil = new HashMap<>();
  private boolean restored;
  private boolean clockStepped;

  StoreHistory(Simulation simulation) {
    this.simulation = simulation;
    this.world = simulation.world();
  }

  void restored() {
    restored = true;
  }

  boolean wasRestored() {
    return restored;
  }

  void clockStepped() {
    clockStepped = true;
  }

  boolean clockWasStepped() {
    return clockStepped;
  }

  /** The row could not be read for a while, until now. */
  void unreadable(String business) {
    unreadableUntil.put(business, world.now());
  }

  boolean wasReadableSince(String business, long since) {
    Row row = simulation.store().row(business);
    return (row == null || row.readable())
        && unreadableUntil.getOrDefault(business, Long.MIN_VALUE) < since;
  }

  /** The version that was the row's present one at a time. */
  long versionAt(String business, long at) {
    List<Version> all = versions.getOrDefault(business, List.of());
    for (int i = all.size() - 1; i >= 0; i--) {
      if (all.get(i).at <= at) {
        return all.get(i).version;
      }
    }
    return 0;
  }

  void committed(Commit commit) {
    Row before = commit.before();
    Row after = commit.after();
    simulation.tellOfChange();
    world.trace.add(
        world.now(),
        commit.claim() ? "    claimed" : "    committed",
        commit.business().substring(commit.business().length() - 1),
        after);
    long version = after.content().version();
    versions
        .computeIfAbsent(commit.business(), b -> new ArrayList<>())
        .add(new Version(world.now(), version));
    world.check(
        version == (before == null ? 0 : before.content().version()) + 1,
        "I2",
        () ->
            "version " + version + " of " + commit.business() + " does not follow its predecessor");
    StoreLine author = commit.author();
    if (before == null || author == null || restored) {
      return;
    }
    CircuitWatch watch = author.watchOf(commit.business());
    if (commit.claim()) {
      claim(commit.business(), before, watch);
    } else {
      new CommitCheck(simulation, watch, clockStepped, before, after).check();
    }
  }

  /** I1, I4 by the store's clock. */
  private void claim(String business, Row before, CircuitWatch watch) {
    long clock = simulation.store().clock();
    CircuitBreakerStoreState content = before.content();
    world.check(
        clockStepped || !before.isLeasedAt(clock),
        "I1",
        () -> watch + " claims over a lease that has not run out");
    world.check(
        content.state() != CircuitBreakerState.CLOSED && content.hold() == Hold.NONE,
        "I4",
        () ->
            watch
                + " claims the trial of a row that is "
                + content.state()
                + ", held "
                + content.hold());
    // Who opened it counts its wait from then; the row's time is when it was written.
    boolean byOther = !watch.owns(content.writeId());
    if (content.state() == CircuitBreakerState.OPEN && byOther && !clockStepped) {
      long least = Waits.least(simulation.plan().config(business), content.failedTrials());
      long age = clock - before.openedAt();
      world.check(
          age >= least, "I4", () -> watch + " claims the trial " + age + " ns after it opened");
    }
    if (content.trialToken() != null && !watch.owns(content.trialToken())) {
      simulation.sightings().saw(Sight.STOLEN_LEASE);
    }
  }

  /** What a write that is no claim may do to a row. */
  private record CommitCheck(
      Simulation simulation, CircuitWatch watch, boolean clockStepped, Row before, Row after) {

    void check() {
      CircuitBreakerStoreState from = before.content();
      CircuitBreakerStoreState to = after.content();
      fine(to.generation() >= from.generation(), "I2 generations rise");
      fine(
          to.state() == from.state() || to.generation() > from.generation(), "I2 generations rise");
      if (watch.isOrdered(to.writeId())) {
        return;
      }
      fine(from.hold() == to.hold(), "a forced state holds until reset()");
      lease(from, to);
      if (watch.isUpstream()) {
        new UpstreamCheck(simulation, watch).written(from, to);
      }
      switch (from.state()) {
        case CLOSED -> closed(to);
        case OPEN, HALF_OPEN -> {
          boolean moved = to.state() != from.state() || to.generation() != from.generation();
          boolean holder = watch.owns(from.trialToken());
          fine(
              !moved || holder || watch.triedFrom(from.generation()),
              from.state() == CircuitBreakerState.OPEN ? "I2" : "I3");
        }
      }
    }

    /** I1, I3: nobody but its holder ends a lease that has not run out. */
    private void lease(CircuitBreakerStoreState from, CircuitBreakerStoreState to) {
      boolean leased = before.isLeasedAt(simulation.store().clock()) && !clockStepped;
      boolean kept = from.trialToken() != null && from.trialToken().equals(to.trialToken());
      fine(!leased || kept || watch.owns(from.trialToken()), "I3");
      fine(to.trialToken() == null || watch.owns(to.trialToken()), "I1");
    }

    private void closed(CircuitBreakerStoreState to) {
      CircuitBreakerConfig config = simulation.plan().config(to.businessId());
      if (to.state() == CircuitBreakerState.OPEN
          && config.tripPolicy() instanceof ConsecutiveFailures) {
        fine(
            to.failureCount() >= config.failureThreshold()
                && to.requestCount() >= config.volumeThreshold(),
            "rule 1 of CLOSED");
      }
    }

    private void fine(boolean right, String rule) {
      simulation
          .world()
          .check(
              right,
              rule,
              () ->
                  watch
                      + " wrote over "
                      + SimulationTrace.shown(before)
                      + " the row "
                      + SimulationTrace.shown(after));
    }
  }
}
