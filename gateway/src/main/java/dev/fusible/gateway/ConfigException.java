package dev.fusible.gateway;

import java.util.Comparator;
import java.util.List;

/** A configuration that nothing is started with. Its message is for the operator. */
final class ConfigException extends Exception {

  private static final long serialVersionUID = 1L;
  private static final int MOST_SHOWN = 50;

  /**
   * @param source what was read, as the operator named it
   * @param complaints what is wrong with it, in any order
   */
  ConfigException(String source, List<Complaint> complaints) {
    super(report(source, complaints));
  }

  private static String report(String source, List<Complaint> complaints) {
    StringBuilder report = new StringBuilder(source).append(" is refused:\n");
    complaints.stream()
        .sorted(Comparator.comparingInt(complaint -> complaint.origin().order()))
        .limit(MOST_SHOWN)
        .forEach(complaint -> report.append("  ").append(complaint).append('\n'));
    if (complaints.size() > MOST_SHOWN) {
      report.append("  and ").append(complaints.size() - MOST_SHOWN).append(" more\n");
    }
    return report.toString();
  }
}
