package dev.fusible;

import java.util.EnumMap;
import java.util.Map;

/**
 * How often the situations arose that a run is there for. A batch of runs in which one of them
 * never arises proves nothing about it.
 */
final class Sightings {

  /** A situation. */
  enum Sight {
    LOST_COMPARE_AND_SET,
    LOST_ACKNOWLEDGEMENT_RECOGNISED,
    STOLEN_LEASE,
    FENCED_LATE_RESULT,
    MERGED_COUNTS,
    TRIP_BY_MERGE,
    TRIAL_BY_LEASE,
    DEGRADED_TRIAL,
    READY_TRIAL_USED,
    FREED_TRIAL,
    IMPATIENT_CALLER,
    CLAIM_GIVEN_UP,
    EVICTION,
    RETURN_AFTER_EVICTION,
    LATE_RESULT,
    ERROR_THROWN,
    FORCED_STATE,
    RESTART_INTO_OPEN,
    WAITED_FOR_A_ROW_LOCK,
    UNREADABLE_ROW,
    RESTORED_BACKUP,
    LONGER_WAIT_AFTER_FAILED_TRIAL,
    UPSTREAM_OPENED_BY_SEVERAL,
    UPSTREAM_OPENED_HERE_ALONE,
    CALL_REFUSED_BY_ITS_UPSTREAM,
    UPSTREAM_TRIAL,
    TWO_TRIALS_IN_ONE_CALL,
    TRIAL_GIVEN_BACK,
    NOTICE_BEFORE_ITS_ROW,
    LOST_NOTICE,
    SHORT_WAY,
    SHORT_WAY_OF_A_REFUSAL
  }

  private final Map<Sight, Long> counts = new EnumMap<>(Sight.class);

  void saw(Sight sight) {
    counts.merge(sight, 1L, Long::sum);
  }

  long count(Sight sight) {
    return counts.getOrDefault(sight, 0L);
  }

  void add(Sightings other) {
    other.counts.forEach((sight, count) -> counts.merge(sight, count, Long::sum));
  }
}
