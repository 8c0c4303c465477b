package dev.fusible.gateway;

import dev.fusible.TimeSource;
import java.time.Duration;
import java.util.function.Consumer;

/** Measures a turn's dead air: of each silence, what is longer than 1.5 s. Used by one thread. */
final class Silence {

  /** Up to here a caller takes silence for thinking. */
  private static final long BEARABLE_NANOS = Duration.ofMillis(1_500).toNanos();

  private final TimeSource time;
  private final Consumer<Duration> measured;
  private long sinceNanos;
  private long deadAirNanos;

  Silence(TimeSource time, Consumer<Duration> measured) {
    this.time = time;
    this.measured = measured;
    this.sinceNanos = time.nanoTime();
  }

  /** There is something to hear. */
  void broken() {
    long now = time.nanoTime();
    deadAirNanos += Math.max(0, now - sinceNanos - BEARABLE_NANOS);
    sinceNanos = now;
  }

  /** The turn is over, or its caller has hung up. */
  void ended() {
    broken();
    measured.accept(Duration.ofNanos(deadAirNanos));
  }
}
