package dev.fusible;

import dev.fusible.SimulatedCall.Behaviour;

/** What one business's upstream is like at the moment, and so what it does with a call. */
final class SimulatedUpstream {

  private enum Mood {
    HEALTHY,
    FAILING,
    FLAKY,
    SILENT,
    STRANGE
  }

  private final SimulatedWorld world;
  private final CircuitBreakerConfig config;
  private Mood mood = Mood.HEALTHY;

  SimulatedUpstream(SimulatedWorld world, CircuitBreakerConfig config) {
    this.world = world;
    this.config = config;
  }

  void changeMood() {
    mood = Mood.values()[world.upTo(Mood.values().length)];
  }

  /** It fares as another business's does. */
  void resemble(SimulatedUpstream other) {
    mood = other.mood;
  }

  void heal() {
    mood = Mood.HEALTHY;
  }

  Behaviour behaviour() {
    return switch (mood) {
      case HEALTHY -> Behaviour.VALUE;
      case FAILING ->
          world.oneOf(
              Behaviour.EXCEPTION,
              Behaviour.EXCEPTION,
              Behaviour.THROWS_EXCEPTION,
              Behaviour.REJECTED_VALUE,
              Behaviour.ERROR);
      case FLAKY ->
          world.oneOf(Behaviour.VALUE, Behaviour.EXCEPTION, Behaviour.EXCEPTION, Behaviour.SILENCE);
      case SILENT -> world.oneOf(Behaviour.SILENCE, Behaviour.SILENCE, Behaviour.VALUE);
      case STRANGE -> world.oneOf(Behaviour.values());
    };
  }

  /** How long the upstream takes; 0: it has answered before the call returns. */
  long takes() {
    if (mood == Mood.HEALTHY || world.chance(0.5)) {
      return world.chance(0.4) ? 0 : world.between(1, 300 * SimulatedWorld.MILLISECOND);
    }
    long limit =
        config.timeout().isZero() ? 10 * SimulatedWorld.SECOND : config.timeout().toNanos();
    return world.between(1, limit * 3 / 2);
  }
}
