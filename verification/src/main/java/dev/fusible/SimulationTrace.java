package dev.fusible;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * What happened in a run: the last entries to read, and a hash over all of them that tells two runs
 * apart.
 */
final class SimulationTrace {

  private static final int KEPT = 400;

  private record Entry(long at, String what, @Nullable Object[] details) {}

  private final Deque<Entry> last = new ArrayDeque<>();
  private long hash = 1;

  void add(long at, String what, @Nullable Object... details) {
    mix(at);
    mix(what.hashCode());
    for (Object detail : details) {
      mix(hashOf(detail));
    }
    if (last.size() == KEPT) {
      last.removeFirst();
    }
    last.addLast(new Entry(at, what, details));
  }

  long hash() {
    return hash;
  }

  private void mix(long value) {
    hash = (hash ^ value) * 0x9E3779B97F4A7C15L;
    hash ^= hash >>> 29;
  }

  /** Equal in each run: an enum's own hash, or a token's random prefix, would not be. */
  private static long hashOf(@Nullable Object detail) {
    if (detail instanceof Enum<?> constant) {
      return constant.ordinal();
    }
    if (detail instanceof MachineState s) {
      return s.generation() * 31 + s.failureCount() * 7L + s.state().ordinal();
    }
    if (detail instanceof SimulatedStore.Row row) {
      CircuitBreakerStoreState content = row.content();
      return content.version() * 31 + content.failureCount() * 7L + content.state().ordinal();
    }
    return detail instanceof String || detail instanceof Number || detail instanceof Boolean
        ? detail.hashCode()
        : 0;
  }

  /** The last entries, the oldest first, one a line. */
  String lastEntries() {
    StringBuilder text = new StringBuilder();
    for (Entry entry : last) {
      text.append(String.format("%14.6f s  %s", entry.at / 1e9, entry.what));
      Arrays.stream(entry.details).forEach(detail -> text.append(' ').append(shown(detail)));
      text.append('\n');
    }
    return text.toString();
  }

  static String shown(@Nullable Object detail) {
    if (detail instanceof MachineState s) {
      return s.isEvicted() ? "EVICTED" : shownState(s);
    }
    if (detail instanceof SimulatedStore.Row row) {
      CircuitBreakerStoreState c = row.content();
      return String.format(
          "[v%d g%d %s failures=%d requests=%d hold=%s token=%s trials=%d by=%s]",
          c.version(),
          c.generation(),
          c.state(),
          c.failureCount(),
          c.requestCount(),
          c.hold(),
          c.trialToken(),
          c.failedTrials(),
          c.writeId());
    }
    if (detail instanceof CircuitBreakerConfig c) {
      return String.format(
          "(%d of %d, recovery %s * %s, timeout %s, patience %s, %s)",
          c.failureThreshold(),
          c.volumeThreshold(),
          c.recoveryTimeout(),
          c.recoveryBackoff(),
          c.timeout(),
          c.trialPatience(),
          c.tripPolicy() instanceof Rate ? c.tripPolicy() : "consecutive");
    }
    return String.valueOf(detail);
  }

  private static String shownState(MachineState s) {
    Persisted p = s.persisted();
    return String.format(
        "{%s g%d/%d failures=%d requests=%d%s%s%s%s}",
        s.state(),
        s.generation(),
        s.rowGeneration(),
        s.failureCount(),
        s.requestCount(),
        s.trial() == null ? "" : " trial=" + s.trial().phase() + ":" + s.trial().token(),
        s.hold() == Hold.NONE ? "" : " hold=" + s.hold(),
        s.isCommanded() ? " command" : "",
        p == null
            ? " unread"
            : String.format(
                " row=v%d g%d %s %d", p.version(), p.generation(), p.state(), p.failureCount()));
  }
}
