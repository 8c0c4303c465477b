package dev.fusible.gateway;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Which of the known names was probably meant. */
final class Nearest {

  private Nearest() {}

  /** As {@link #to}, but first looks for a name that only lacks its beginning. */
  static @Nullable String toEndOf(String end, String written, Collection<String> known) {
    return known.stream()
        .filter(name -> name.endsWith(end))
        .min(Comparator.comparingInt(String::length))
        .orElseGet(() -> to(written, known));
  }

  /** The known name that is fewest edits away; {@code null} if none is near. */
  static @Nullable String to(String written, Collection<String> known) {
    String nearest = null;
    int fewest = Math.max(2, written.length() / 3) + 1;
    for (String name : known) {
      int edits = edits(plain(written), plain(name));
      if (edits < fewest && edits < name.length()) {
        fewest = edits;
        nearest = name;
      }
    }
    return nearest;
  }

  /** Other ways to write words together are no edits: {@code admin_port}, {@code AdminPort}. */
  private static String plain(String name) {
    return name.replace("_", "").replace("-", "").toLowerCase(Locale.ROOT);
  }

  /** Levenshtein's distance. */
  private static int edits(String from, String to) {
    int[] previous = new int[to.length() + 1];
    for (int j = 0; j <= to.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int[] row = new int[to.length() + 1];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int change = from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1;
        row[j] = Math.min(previous[j - 1] + change, Math.min(previous[j], row[j - 1]) + 1);
      }
      previous = row;
    }
    return previous[to.length()];
  }
}
