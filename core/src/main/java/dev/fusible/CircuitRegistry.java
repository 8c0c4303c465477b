package dev.fusible;

import java.util.Iterator;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The circuits of a process, by business. Above its bound, idle CLOSED circuits make room: a hand
 * goes round the circuits and takes out those it finds idle; where it finds none, the bound is
 * exceeded. Thread-safe.
 */
final class CircuitRegistry {

  /** How many circuits the hand looks at for each one that is added. */
  private static final int LOOKED_AT = 16;

  private final ConcurrentHashMap<String, Circuit> circuits = new ConcurrentHashMap<>();
  private final int bound;
  private final Function<String, Circuit> creation;
  private final ReentrantLock handLock = new ReentrantLock();
  private @Nullable Iterator<Circuit> hand;

  CircuitRegistry(int bound, Function<String, Circuit> creation) {
    this.bound = bound;
    this.creation = creation;
  }

  /** As {@link #circuit}, with the id checked: one that there is a circuit for has been. */
  Circuit ofBusiness(String businessId) {
    Circuit existing = circuits.get(businessId);
    return existing != null && !existing.isUpstream() && !existing.machine().isEvicted()
        ? existing
        : circuit(CircuitId.ofBusiness(businessId));
  }

  /** The circuit, made if there is none. */
  Circuit circuit(String businessId) {
    while (true) {
      Circuit existing = circuits.get(businessId);
      if (existing == null) {
        // The user's configuration function runs before the map is touched, so it runs under no
        // lock of the map's.
        existing = added(creation.apply(businessId));
      }
      if (!existing.machine().isEvicted()) {
        return existing;
      }
      circuits.remove(businessId, existing);
    }
  }

  /** What has taken the place of an evicted circuit. */
  Circuit successor(Circuit evicted) {
    circuits.remove(evicted.businessId(), evicted);
    while (true) {
      Circuit present = added(evicted.anew());
      if (!present.machine().isEvicted()) {
        return present;
      }
      circuits.remove(present.businessId(), present);
    }
  }

  /** The circuit itself, or the one that was quicker. */
  private Circuit added(Circuit circuit) {
    Circuit other = circuits.putIfAbsent(circuit.businessId(), circuit);
    if (other != null) {
      return other;
    }
    circuit.context().store().load(circuit);
    if (circuits.mappingCount() > bound) {
      makeRoom(circuit);
    }
    return circuit;
  }

  @Nullable Circuit find(String businessId) {
    return circuits.get(businessId);
  }

  void forEach(Consumer<Circuit> action) {
    circuits.values().forEach(action);
  }

  long size() {
    return circuits.mappingCount();
  }

  /** Evicts others; never the newcomer, which would come again and again. */
  private void makeRoom(Circuit newcomer) {
    if (!handLock.tryLock()) {
      return;
    }
    try {
      Iterator<Circuit> next = hand;
      for (int i = 0; i < LOOKED_AT && circuits.mappingCount() > bound; i++) {
        if (next == null || !next.hasNext()) {
          next = circuits.values().iterator();
        }
        if (next.hasNext()) {
          Circuit circuit = next.next();
          if (circuit != newcomer && circuit.evict()) {
            circuits.remove(circuit.businessId(), circuit);
          }
        }
      }
      hand = next;
    } finally {
      handLock.unlock();
    }
  }
}
