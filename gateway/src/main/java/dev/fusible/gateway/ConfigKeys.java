package dev.fusible.gateway;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The settings there are. What is unknown, what a variable is called and what the documentation
 * must list all follow from here.
 *
 * <p>A pattern is a field's path with {@code []} for an index of a list and {@code *} for a name
 * that the operator chooses.
 */
final class ConfigKeys {

  static final List<String> PATTERNS =
      List.of(
          "server.host",
          "server.port",
          "server.adminHost",
          "server.adminPort",
          "server.adminToken",
          "store",
          "breaker.failureThreshold",
          "breaker.volumeThreshold",
          "breaker.recoveryTimeout",
          "breaker.timeout",
          "breaker.trialPatience",
          "breaker.recoveryBackoff",
          "breaker.maxRecoveryTimeout",
          "breaker.tripPolicy",
          "breaker.tripPolicy.rate",
          "breaker.tripPolicy.calls",
          "breaker.tripPolicy.period",
          "breaker.tripPolicy.slowerThan",
          "deadlines.firstSpeech",
          "deadlines.stall",
          "deadlines.answer",
          "upstreams[].name",
          "upstreams[].kind",
          "upstreams[].url",
          "upstreams[].apiKey",
          "upstreams[].models[]",
          "upstreams[].dropFields[]",
          "businesses[].id",
          "businesses[].name",
          "businesses[].apiKeySha256",
          "businesses[].language",
          "businesses[].phone",
          "businesses[].platform",
          "businesses[].fallbacks.*.systemError[]",
          "businesses[].fallbacks.*.timeout[]",
          "businesses[].fallbacks.*.circuitOpen[]",
          "platformKeys[].apiKeySha256",
          "platformKeys[].businesses[]");

  /** Settings of the features to come, which are no typing mistakes. */
  private static final Map<String, String> LATER =
      Map.of(
          "deadlines.hedgeAfter",
          "hedging needs a second upstream, which this version does not take yet; remove the key",
          "deadlines.filler",
          "this version does not speak fillers yet; remove the key",
          "upstreams[].probe",
          "this version does not probe upstreams yet; remove the key");

  private static final Pattern INDEX = Pattern.compile("\\[\\d+]");

  private ConfigKeys() {}

  /** The pattern of a path: {@code upstreams[0].url} is {@code upstreams[].url}. */
  static String pattern(String path) {
    return INDEX.matcher(path).replaceAll("[]");
  }

  /** The names a section may hold; empty where the operator chooses them. */
  static Set<String> within(String section) {
    String prefix = section.isEmpty() ? "" : section + ".";
    return PATTERNS.stream()
        .filter(pattern -> pattern.startsWith(prefix))
        .map(pattern -> firstName(pattern.substring(prefix.length())))
        .filter(name -> !name.equals("*"))
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /** What to say of a setting that a later version will have; {@code null} if it won't. */
  static @Nullable String whyNotYet(String pattern) {
    return LATER.get(pattern);
  }

  /** The sections, other than this one, that have such a name. */
  static List<String> othersWith(String name, String section) {
    return PATTERNS.stream()
        .filter(pattern -> !pattern.contains("*"))
        .map(pattern -> pattern.endsWith("[]") ? withoutIndex(pattern) : pattern)
        .filter(pattern -> pattern.endsWith("." + name))
        .filter(pattern -> !pattern.equals(section + "." + name))
        .toList();
  }

  /** Those that one value can set: all but the sentences. */
  static Stream<String> settable() {
    return Stream.concat(PATTERNS.stream(), LATER.keySet().stream())
        .filter(pattern -> !pattern.contains("*"))
        .flatMap(
            pattern ->
                pattern.endsWith("[]")
                    ? Stream.of(withoutIndex(pattern), pattern)
                    : Stream.of(pattern));
  }

  /** Whether a path without an index holds a list of texts. */
  static boolean isListOfTexts(String pattern) {
    return PATTERNS.contains(pattern + "[]");
  }

  /** {@code upstreams[].apiKey} is {@code FUSIBLE_UPSTREAMS_0_API_KEY}, with {@code #} for 0. */
  static String variable(String pattern) {
    String words =
        pattern.replace("[]", "_#").replace('.', '_').replaceAll("([a-z])([A-Z])", "$1_$2");
    return "FUSIBLE_" + words.toUpperCase(Locale.ROOT);
  }

  private static String firstName(String pattern) {
    int dot = pattern.indexOf('.');
    String name = dot < 0 ? pattern : pattern.substring(0, dot);
    return name.endsWith("[]") ? withoutIndex(name) : name;
  }

  private static String withoutIndex(String pattern) {
    return pattern.substring(0, pattern.length() - "[]".length());
  }
}
