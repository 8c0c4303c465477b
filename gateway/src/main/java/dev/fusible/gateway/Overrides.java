package dev.fusible.gateway;

import dev.fusible.gateway.ConfigTree.Entry;
import dev.fusible.gateway.ConfigTree.Items;
import dev.fusible.gateway.ConfigTree.Keys;
import dev.fusible.gateway.ConfigTree.Text;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Lays variables and flags over what the file says. */
final class Overrides {

  /**
   * One value given on the command line.
   *
   * @param path the field as the operator wrote it, such as {@code server.port}
   * @param value its value
   * @param flag what the operator wrote, without the value
   */
  record Flag(String path, String value, String flag) {}

  private static final String PREFIX = "FUSIBLE_";

  /** Read by the launcher and by the project's tests, not by the gateway. */
  private static final Pattern NOT_SETTINGS = Pattern.compile("FUSIBLE_(JAVA_OPTS|TEST_.*)");

  /** Kubernetes sets these in every pod beside a service that is called fusible or fusible-x. */
  private static final Pattern SERVICE_LINK =
      Pattern.compile("FUSIBLE_(.*_)?(SERVICE_(HOST|PORT(_.*)?)|PORT_\\d+_(TCP|UDP|SCTP)(_.*)?)");

  private static final Pattern SERVICE_ADDRESS = Pattern.compile("(tcp|udp|sctp)://.*");

  private static final Pattern NUMBER_BETWEEN_WORDS = Pattern.compile("(?<=_)\\d{1,6}(?=_|$)");
  private static final Pattern DOTTED_INDEX = Pattern.compile("\\.(\\d{1,6})(?=\\.|$)");
  private static final Pattern STEP = Pattern.compile("([^.\\[\\]]+)|\\[(\\d{1,6})]");

  private static final Map<String, String> PATTERN_OF_VARIABLE =
      ConfigKeys.settable().collect(Collectors.toMap(ConfigKeys::variable, Function.identity()));

  private final Consumer<Complaint> complaints;
  private ConfigTree tree;

  private Overrides(ConfigTree tree, Consumer<Complaint> complaints) {
    this.tree = tree;
    this.complaints = complaints;
  }

  /** Flags over variables over {@code file}. */
  static ConfigTree over(
      ConfigTree file,
      Map<String, String> environment,
      List<Flag> flags,
      Consumer<Complaint> complaints) {
    Overrides overrides = new Overrides(file, complaints);
    Map<String, String> ordered = new TreeMap<>(Overrides::byIndex);
    environment.forEach(
        (name, value) -> {
          if (isSetting(name, value)) {
            ordered.put(name, value);
          }
        });
    ordered.forEach(overrides::variable);
    flags.forEach(overrides::flag);
    return overrides.tree;
  }

  private static boolean isSetting(String name, String value) {
    return name.startsWith(PREFIX)
        && !NOT_SETTINGS.matcher(name).matches()
        && !SERVICE_LINK.matcher(name).matches()
        && !(name.endsWith("_PORT") && SERVICE_ADDRESS.matcher(value).matches());
  }

  /** Item 2 before item 10, so that each new item comes next. */
  private static int byIndex(String one, String other) {
    return padded(one).compareTo(padded(other));
  }

  private static String padded(String name) {
    return NUMBER_BETWEEN_WORDS
        .matcher(name)
        .replaceAll(number -> "0".repeat(6 - number.group().length()) + number.group());
  }

  private void variable(String name, String value) {
    Matcher numbers = NUMBER_BETWEEN_WORDS.matcher(name);
    String pattern = PATTERN_OF_VARIABLE.get(numbers.replaceAll("#"));
    if (pattern == null) {
      complaints.accept(new Complaint(Origin.named(name), "", "sets nothing" + meant(name)));
      return;
    }
    String path = pattern;
    for (MatchResult number : numbers.reset().results().toList()) {
      path = path.replaceFirst("\\[]", "[" + number.group() + "]");
    }
    set(path, value, Origin.named(name));
  }

  private static String meant(String name) {
    if (name.contains("_FALLBACKS")) {
      return ": sentences can only be set in the file";
    }
    String numbered = NUMBER_BETWEEN_WORDS.matcher(name).replaceAll("#");
    String nearest =
        Nearest.toEndOf(
            numbered.substring(PREFIX.length() - 1), numbered, PATTERN_OF_VARIABLE.keySet());
    return nearest == null
        ? "; unset it"
        : "; did you mean " + nearest.replace('#', '0') + "? If not, unset it";
  }

  private void flag(Flag flag) {
    String path = DOTTED_INDEX.matcher(flag.path()).replaceAll("[$1]");
    String pattern = ConfigKeys.pattern(path);
    if (PATTERN_OF_VARIABLE.containsValue(pattern)) {
      set(path, flag.value(), Origin.named(flag.flag()));
      return;
    }
    String nearest = Nearest.toEndOf("." + pattern, pattern, PATTERN_OF_VARIABLE.values());
    String meant =
        pattern.contains(".fallbacks")
            ? "; sentences can only be set in the file"
            : nearest == null
                ? "; see docs/configuration.md"
                : "; did you mean " + nearest.replace("[]", ".0") + "?";
    complaints.accept(new Complaint(Origin.named(flag.flag()), "", "sets an unknown key" + meant));
  }

  private void set(String path, String value, Origin origin) {
    if (value.isBlank()) {
      complaints.accept(new Complaint(origin, path, "is empty; give it a value or leave it out"));
      return;
    }
    List<String> steps =
        STEP.matcher(path)
            .results()
            .map(step -> step.group(1) != null ? step.group(1) : step.group(2))
            .toList();
    ConfigTree leaf =
        ConfigKeys.isListOfTexts(ConfigKeys.pattern(path)) ? items(value, origin) : new Text(value);
    ConfigTree changed = with(tree, steps, new Entry(leaf, origin));
    if (changed == null) {
      complaints.accept(
          new Complaint(origin, path, "skips an item; the items of a list count from 0"));
      return;
    }
    tree = changed;
  }

  private static ConfigTree items(String value, Origin origin) {
    List<Entry> items = new ArrayList<>();
    for (String item : Arrays.asList(value.split(",", -1))) {
      items.add(new Entry(new Text(item.strip()), origin));
    }
    return new Items(items);
  }

  /** What stands in the way is replaced; {@code null} if an index is beyond the next. */
  private static @Nullable ConfigTree with(ConfigTree tree, List<String> steps, Entry leaf) {
    if (steps.isEmpty()) {
      return leaf.tree();
    }
    String step = steps.get(0);
    List<String> rest = steps.subList(1, steps.size());
    if (Character.isDigit(step.charAt(0))) {
      Items items = tree instanceof Items existing ? existing : new Items(List.of());
      int index = Integer.parseInt(step);
      if (index > items.entries().size()) {
        return null;
      }
      Entry old = index < items.entries().size() ? items.entries().get(index) : null;
      Entry entry = entry(old, rest, leaf);
      return entry == null ? null : items.with(index, entry);
    }
    Keys keys = tree instanceof Keys existing ? existing : Keys.NONE;
    Entry entry = entry(keys.entries().get(step), rest, leaf);
    return entry == null ? null : keys.with(step, entry);
  }

  /** The branch keeps its line unless it is the leaf, or new. */
  private static @Nullable Entry entry(@Nullable Entry old, List<String> rest, Entry leaf) {
    ConfigTree changed = with(old == null ? Keys.NONE : old.tree(), rest, leaf);
    if (changed == null) {
      return null;
    }
    Origin origin = old == null || rest.isEmpty() ? leaf.origin() : old.origin();
    return new Entry(changed, origin);
  }
}
