package dev.fusible.jdbc;

import dev.fusible.Evidence;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Evidence as one text: {@code a,b;a=0,c=41500} says that a and b failed, that a called now, and c
 * 41.5 s before the text was written.
 */
final class EvidenceText {

  private static final String ID = "[A-Za-z0-9._:-]{1,128}";
  private static final Pattern FAILED = Pattern.compile(ID);
  private static final Pattern ACTIVE = Pattern.compile("(" + ID + ")=(\\d{1,12})");

  private EvidenceText() {}

  /** {@code null} where there is none. */
  static @Nullable String of(Evidence evidence) {
    if (evidence.equals(Evidence.NONE)) {
      return null;
    }
    String active =
        evidence.active().entrySet().stream()
            .map(seen -> seen.getKey() + "=" + Math.max(0, seen.getValue().toMillis()))
            .collect(Collectors.joining(","));
    return String.join(",", evidence.failed()) + ";" + active;
  }

  /** What can't be understood is left out. */
  static Evidence read(@Nullable String text) {
    if (text == null) {
      return Evidence.NONE;
    }
    int middle = text.indexOf(';');
    List<String> failed = new ArrayList<>();
    for (String id : text.substring(0, Math.max(0, middle)).split(",", -1)) {
      if (FAILED.matcher(id).matches()) {
        failed.add(id);
      }
    }
    Map<String, Duration> active = new LinkedHashMap<>();
    for (String seen : text.substring(middle + 1).split(",", -1)) {
      Matcher parts = ACTIVE.matcher(seen);
      if (parts.matches()) {
        active.put(parts.group(1), Duration.ofMillis(Long.parseLong(parts.group(2))));
      }
    }
    return new Evidence(failed, active);
  }
}
