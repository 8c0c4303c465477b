package dev.fusible.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.gateway.Fleet.Version;
import java.util.List;

/** What must hold of every history of rows, whoever wrote them. */
final class Histories {

  private Histories() {}

  /** How many trials were granted. */
  static long trials(List<Version> history) {
    return history.stream()
        .filter(version -> version.state().equals("HALF_OPEN") && version.trialToken() != null)
        .map(Version::trialToken)
        .distinct()
        .count();
  }

  /** How many trials closed their circuit. */
  static long recoveries(List<Version> history) {
    long recoveries = 0;
    for (int i = 0; i + 1 < history.size(); i++) {
      if (history.get(i).state().equals("HALF_OPEN")
          && history.get(i + 1).state().equals("CLOSED")
          && history.get(i).business().equals(history.get(i + 1).business())) {
        recoveries++;
      }
    }
    return recoveries;
  }

  /**
   * @param history by business and version
   * @param recoverySeconds how long a circuit stays open
   */
  static void assertSound(List<Version> history, double recoverySeconds) {
    for (int i = 0; i + 1 < history.size(); i++) {
      Version before = history.get(i);
      Version after = history.get(i + 1);
      if (!before.business().equals(after.business())) {
        continue;
      }
      assertThat(after.version())
          .as("versions rise by one: %s then %s", before, after)
          .isEqualTo(before.version() + 1);
      boolean claims =
          after.trialToken() != null && !after.trialToken().equals(before.trialToken());
      if (!claims) {
        continue;
      }
      if (before.trialToken() != null) {
        assertThat(after.at())
            .as("one lease at a time: %s then %s", before, after)
            .isGreaterThanOrEqualTo(before.trialUntil());
      }
      if (before.state().equals("OPEN")) {
        assertThat(after.at() - before.openedAt())
            .as("no trial before the wait is over: %s then %s", before, after)
            .isGreaterThanOrEqualTo(recoverySeconds - 0.001);
      }
    }
  }
}
