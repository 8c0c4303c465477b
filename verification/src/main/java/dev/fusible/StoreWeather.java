package dev.fusible;

import java.util.HashMap;
import java.util.Map;

/**
 * How the way to the store and the store itself are at the moment: for all instances, and for each
 * one alone.
 */
final class StoreWeather {

  enum Mode {
    FINE,
    /** Connections are refused at once. */
    REFUSING,
    /** Requests and answers go nowhere until it ends; some arrive then after all. */
    FROZEN,
    /** Readings work, writes fail. */
    READ_ONLY,
    /** Everything takes from half a second to four. */
    SLOW,
    /** Some requests and some answers are lost. */
    LOSSY
  }

  private record Spell(Mode mode, long until) {}

  private static final Spell NONE = new Spell(Mode.FINE, 0);

  private final SimulatedWorld world;
  private final Map<SimulatedInstance, Spell> ofInstance = new HashMap<>();
  private final Map<String, Long> rowLocks = new HashMap<>();
  private Spell ofAll = NONE;

  StoreWeather(SimulatedWorld world) {
    this.world = world;
  }

  void set(Mode mode, long lasting) {
    ofAll = new Spell(mode, world.now() + lasting);
  }

  void set(SimulatedInstance instance, Mode mode, long lasting) {
    ofInstance.put(instance, new Spell(mode, world.now() + lasting));
  }

  void lockRow(String business, long lasting) {
    rowLocks.put(business, world.now() + lasting);
  }

  void clear() {
    ofAll = NONE;
    ofInstance.clear();
    rowLocks.clear();
  }

  Mode modeFor(SimulatedInstance instance) {
    Spell spell = spellFor(instance);
    return spell.until > world.now() ? spell.mode : Mode.FINE;
  }

  /** When what keeps the instance from the store ends. */
  long endsFor(SimulatedInstance instance) {
    return spellFor(instance).until;
  }

  private Spell spellFor(SimulatedInstance instance) {
    return ofAll.until > world.now() ? ofAll : ofInstance.getOrDefault(instance, NONE);
  }

  /** When the row's lock is released; not after now if nobody holds it. */
  long lockedUntil(String business) {
    return rowLocks.getOrDefault(business, 0L);
  }
}
