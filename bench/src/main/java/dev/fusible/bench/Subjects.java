package dev.fusible.bench;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** All subjects, by name: no guard at all, the floor, ours, and the peers. */
final class Subjects {

  static final String OURS = "fusible";
  static final String FLOOR = "floor";
  static final String BARE = "bare";

  static final List<String> NAMES =
      List.of(
          BARE,
          FLOOR,
          OURS,
          "helidon",
          "resilience4j",
          "resilience4j-tuned",
          "resilience4j-by-hand",
          "smallrye",
          "failsafe",
          "failsafe-tuned",
          "failsafe-by-hand",
          "hystrix");

  private Subjects() {}

  static Subject open(String name, Row row) {
    return open(name, row, Row.LIMIT_MILLIS);
  }

  static Subject open(String name, Row row, long limitMillis) {
    Subject subject = orNull(name, row, limitMillis);
    if (subject == null) {
      throw new IllegalArgumentException(name + " does not offer: " + row.title);
    }
    return subject;
  }

  static boolean offers(String name, Row row) {
    Subject subject = orNull(name, row, Row.LIMIT_MILLIS);
    if (subject == null) {
      return false;
    }
    subject.close();
    return true;
  }

  private static @Nullable Subject orNull(String name, Row row, long limitMillis) {
    String variant = name.contains("-") ? name.substring(name.indexOf('-') + 1) : "";
    return switch (name.contains("-") ? name.substring(0, name.indexOf('-')) : name) {
      case "bare" -> row == Row.CLOSED || row == Row.OPEN_DEEP ? new Bare() : null;
      case "floor" -> Floor.of(row, limitMillis);
      case "fusible" -> OnFusible.of(row, limitMillis);
      case "resilience4j" -> OnResilience4j.of(variant, row, limitMillis);
      case "failsafe" -> OnFailsafe.of(variant, row, limitMillis);
      case "smallrye" -> OnSmallRye.of(row, limitMillis);
      case "hystrix" -> OnHystrix.of(row, limitMillis);
      case "helidon" -> helidon(row, limitMillis);
      default -> throw new IllegalArgumentException("no subject: " + name);
    };
  }

  /**
   * Helidon 4 is compiled for Java 21, so its subject is there only when the build was on 21 or
   * later.
   */
  private static @Nullable Subject helidon(Row row, long limitMillis) {
    try {
      return (Subject)
          Class.forName("dev.fusible.bench.OnHelidon")
              .getDeclaredMethod("of", Row.class, long.class)
              .invoke(null, row, limitMillis);
    } catch (ClassNotFoundException before21) {
      return null;
    } catch (ReflectiveOperationException broken) {
      throw new IllegalStateException(broken);
    }
  }

  /** Why a subject is missing altogether; {@code null} if it is not. */
  static @Nullable String whyMissing(String name) {
    return name.equals("helidon") && Runtime.version().feature() < 21
        ? "Helidon 4 needs Java 21"
        : null;
  }
}
