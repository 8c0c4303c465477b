package dev.fusible;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Whose calls an upstream's circuit has seen: who called it in the last minute, and whose failures
 * are in the present run. Of each it keeps the latest {@code wanted} and no more, since more never
 * change a judgement. Immutable.
 *
 * @param wanted how many different businesses have to fail
 * @param active who called last, in any order
 * @param failed whose failures count, the latest last
 */
record Witnesses(int wanted, List<Seen> active, List<Failed> failed) {

  /** A business, and when it called last. */
  record Seen(String business, long atNanos) {}

  /**
   * A business whose failure counts.
   *
   * @param count the failure count that its last failure made: above the row's, the row does not
   *     have it yet
   */
  record Failed(String business, int count) {}

  private static final long MINUTE = Duration.ofMinutes(1).toNanos();

  /** To know it to a tenth of a second is enough, and spares a busy circuit most writes. */
  private static final long TENTH = Duration.ofMillis(100).toNanos();

  static Witnesses none(int wanted) {
    return new Witnesses(wanted, List.of(), List.of());
  }

  // --- the judgement

  /** Whether the failures come from as many businesses as they should, however few called. */
  boolean areEnough() {
    return failed.isEmpty() || failed.size() >= wanted;
  }

  /**
   * Whether the failures may open the circuit: they come from enough businesses, or from as many as
   * called in the last minute, or none of them is any business's own. One business alone is not
   * believed, be it the only one that called: what ails it may be its own, and the next to call
   * would pay for it.
   */
  boolean mayOpen(long now) {
    return areEnough() || failed.size() >= Math.max(2, activeAt(now));
  }

  int activeAt(long now) {
    return (int) active.stream().filter(seen -> now - seen.atNanos < MINUTE).count();
  }

  // --- what happens here

  /** Whether to hear of a call of {@code business} would change nothing to speak of. */
  boolean know(String business, long now) {
    int justNow = 0;
    for (Seen seen : active) {
      if (now - seen.atNanos < TENTH) {
        if (seen.business.equals(business)) {
          return true;
        }
        justNow++;
      }
    }
    return justNow == wanted;
  }

  /** A call of {@code business} begins. */
  Witnesses seen(String business, long now) {
    return new Witnesses(wanted, latest(List.of(new Seen(business, now))), failed);
  }

  /** A call of {@code business} failed, and made the failure count what it is. */
  Witnesses failedBy(String business, int count) {
    return new Witnesses(wanted, active, latest(failed, List.of(new Failed(business, count))));
  }

  /** The run of failures is over. */
  Witnesses forgiving() {
    return failed.isEmpty() ? this : new Witnesses(wanted, active, List.of());
  }

  // --- what a row says

  Evidence evidence(long now) {
    Map<String, Duration> ages = new LinkedHashMap<>();
    for (Seen seen : active) {
      long age = now - seen.atNanos;
      if (age < MINUTE) {
        ages.put(seen.business, Duration.ofNanos(Math.max(0, age)));
      }
    }
    return new Evidence(failed.stream().map(Failed::business).toList(), ages);
  }

  /** Who else called, by the row's word. */
  Witnesses joinedBy(Evidence row, long now) {
    List<Seen> others = new ArrayList<>();
    row.active()
        .forEach(
            (business, ago) -> {
              if (ago.toNanos() < MINUTE) {
                others.add(new Seen(business, now - ago.toNanos()));
              }
            });
    return others.isEmpty() ? this : new Witnesses(wanted, latest(others), failed);
  }

  /** The row's failures, and nothing of ours. */
  Witnesses withFailuresOf(Evidence row) {
    return new Witnesses(wanted, active, latest(rows(row), List.of()));
  }

  /**
   * The row's failures, and ours that it does not have yet.
   *
   * @param counted the row's failure count that ours were counted from
   * @param shift by how much our failure count changes
   */
  Witnesses withFailuresOf(Evidence row, int counted, int shift) {
    List<Failed> unwritten =
        failed.stream()
            .filter(ours -> ours.count > counted)
            .map(ours -> new Failed(ours.business, ours.count + shift))
            .toList();
    return new Witnesses(wanted, active, latest(rows(row), unwritten));
  }

  private static List<Failed> rows(Evidence row) {
    return row.failed().stream().map(business -> new Failed(business, 0)).toList();
  }

  // --- the latest of each, once

  private List<Seen> latest(List<Seen> others) {
    Map<String, Seen> byBusiness = new LinkedHashMap<>();
    active.forEach(seen -> byBusiness.put(seen.business, seen));
    others.forEach(
        other ->
            byBusiness.merge(
                other.business, other, (old, now) -> now.atNanos - old.atNanos > 0 ? now : old));
    List<Seen> all = new ArrayList<>(byBusiness.values());
    all.sort(Comparator.comparingLong(seen -> seen.atNanos - all.get(0).atNanos));
    return lastOf(all);
  }

  private List<Failed> latest(List<Failed> earlier, List<Failed> later) {
    Map<String, Failed> byBusiness = new LinkedHashMap<>();
    for (List<Failed> each : List.of(earlier, later)) {
      for (Failed one : each) {
        byBusiness.remove(one.business);
        byBusiness.put(one.business, one);
      }
    }
    return lastOf(new ArrayList<>(byBusiness.values()));
  }

  private <T> List<T> lastOf(List<T> all) {
    return List.copyOf(all.subList(Math.max(0, all.size() - wanted), all.size()));
  }
}
