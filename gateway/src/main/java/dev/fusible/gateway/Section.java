package dev.fusible.gateway;

import dev.fusible.gateway.ConfigTree.Entry;
import dev.fusible.gateway.ConfigTree.Items;
import dev.fusible.gateway.ConfigTree.Keys;
import dev.fusible.gateway.ConfigTree.Nothing;
import dev.fusible.gateway.ConfigTree.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One section of a configuration as it is being read. Whatever is wrong is complained of and read
 * as if it were not there, so that one reading finds everything.
 */
final class Section {

  /** Understands one text. */
  interface Parser<T> {
    T parse(String text) throws Wrong;
  }

  private final String path;
  private final Origin origin;
  private final Map<String, Entry> entries;
  private final boolean malformed;
  private final Consumer<Complaint> complaints;

  private Section(
      String path,
      Origin origin,
      Map<String, Entry> entries,
      boolean malformed,
      Consumer<Complaint> complaints) {
    this.path = path;
    this.origin = origin;
    this.entries = entries;
    this.malformed = malformed;
    this.complaints = complaints;
  }

  /** The whole configuration. */
  static Section root(ConfigTree tree, Consumer<Complaint> complaints) {
    return of("", "", new Entry(tree, Origin.line(1)), complaints);
  }

  private static Section of(
      String path, String pattern, Entry entry, Consumer<Complaint> complaints) {
    Map<String, Entry> entries = entry.tree() instanceof Keys keys ? keys.entries() : Map.of();
    boolean malformed = !(entry.tree() instanceof Keys || entry.tree() instanceof Nothing);
    if (malformed) {
      complaints.accept(
          new Complaint(entry.origin(), path, "must hold keys; write name: value below it"));
    }
    Section section = new Section(path, entry.origin(), entries, malformed, complaints);
    section.complainOfUnknownKeys(pattern);
    return section;
  }

  private void complainOfUnknownKeys(String pattern) {
    Set<String> known = ConfigKeys.within(pattern);
    if (known.isEmpty()) {
      return;
    }
    for (String key : entries.keySet()) {
      if (!known.contains(key)) {
        String notYet = ConfigKeys.whyNotYet(pattern.isEmpty() ? key : pattern + "." + key);
        complain(
            key, notYet != null ? "is not available: " + notYet : unknown(key, known, pattern));
      }
    }
  }

  private static String unknown(String key, Set<String> known, String pattern) {
    if (key.equals("<<")) {
      return "is not supported; write the keys out, or alias a whole value";
    }
    List<String> elsewhere = ConfigKeys.othersWith(key, pattern);
    if (!elsewhere.isEmpty()) {
      return "is an unknown key here; did you mean " + String.join(" or ", elsewhere) + "?";
    }
    String nearest = Nearest.to(key, known);
    return nearest != null
        ? "is an unknown key; did you mean " + nearest + "?"
        : "is an unknown key; known here: " + String.join(", ", known);
  }

  /** Where a key was written, or else this section. */
  Origin origin(String key) {
    Entry entry = entries.get(key);
    return entry == null ? origin : entry.origin();
  }

  /** The full path of a key of this section. */
  String path(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  Set<String> keys() {
    return entries.keySet();
  }

  boolean has(String key) {
    return entry(key) != null;
  }

  /** Whether the key holds keys itself, rather than a value. */
  boolean holdsKeys(String key) {
    Entry entry = entry(key);
    return entry != null && entry.tree() instanceof Keys;
  }

  boolean isEmptyList(String key) {
    Entry entry = entry(key);
    return entry != null && entry.tree() instanceof Items items && items.entries().isEmpty();
  }

  /** Complains of a list without an item. */
  void requireItem(String key, String fix) {
    if (!has(key)) {
      complainMissing(key, fix);
    } else if (isEmptyList(key)) {
      complain(key, "must have an item; " + fix);
    }
  }

  void complain(String key, String problem) {
    complaints.accept(new Complaint(origin(key), path(key), problem));
  }

  /** Says nothing where the whole section is already complained of. */
  void complainMissing(String key, String fix) {
    if (!malformed) {
      complain(key, "is missing; " + fix);
    }
  }

  <T> @Nullable T value(String key, Parser<T> parser) {
    Entry entry = entry(key);
    return entry == null ? null : parsed(entry, path(key), parser);
  }

  <T> T value(String key, Parser<T> parser, T otherwise) {
    T value = value(key, parser);
    return value == null ? otherwise : value;
  }

  /** As {@link #value}, but complains of a key that is not there. */
  <T> @Nullable T required(String key, Parser<T> parser, String fix) {
    if (!has(key)) {
      complainMissing(key, fix);
    }
    return value(key, parser);
  }

  /** The texts of a list; one text alone is a list of one. */
  <T> List<T> list(String key, Parser<T> parser) {
    Entry entry = entry(key);
    if (entry == null) {
      return List.of();
    }
    if (entry.tree() instanceof Keys) {
      complain(key, "must be a text or a list of texts");
      return List.of();
    }
    if (!(entry.tree() instanceof Items items)) {
      T only = parsed(entry, path(key), parser);
      return only == null ? List.of() : List.of(only);
    }
    List<T> values = new ArrayList<>();
    for (int i = 0; i < items.entries().size(); i++) {
      T value = parsed(items.entries().get(i), path(key) + "[" + i + "]", parser);
      if (value != null) {
        values.add(value);
      }
    }
    return values;
  }

  /** The texts of a list as they are, without a complaint of what is wrong with them. */
  List<String> texts(String key) {
    Entry entry = entry(key);
    List<Entry> entries =
        entry == null
            ? List.of()
            : entry.tree() instanceof Items items ? items.entries() : List.of(entry);
    return entries.stream()
        .map(Entry::tree)
        .filter(Text.class::isInstance)
        .map(text -> ((Text) text).value().strip())
        .toList();
  }

  Section section(String key) {
    return section(key, ConfigKeys.pattern(path(key)));
  }

  /** A section whose name the operator chose. */
  Section named(String key) {
    return section(key, ConfigKeys.pattern(path) + ".*");
  }

  private Section section(String key, String pattern) {
    Entry entry = entry(key);
    Entry present = entry == null ? new Entry(new Nothing(), origin) : entry;
    return of(path(key), pattern, present, complaints);
  }

  /** The sections of a list. */
  List<Section> sections(String key) {
    Entry entry = entry(key);
    if (entry == null) {
      return List.of();
    }
    if (!(entry.tree() instanceof Items items)) {
      complain(key, "must be a list; begin each of its items with a dash");
      return List.of();
    }
    List<Section> sections = new ArrayList<>();
    for (Entry item : items.entries()) {
      String itemPath = path(key) + "[" + sections.size() + "]";
      sections.add(of(itemPath, ConfigKeys.pattern(itemPath), item, complaints));
    }
    return sections;
  }

  private @Nullable Entry entry(String key) {
    Entry entry = entries.get(key);
    return entry == null || entry.tree() instanceof Nothing ? null : entry;
  }

  private <T> @Nullable T parsed(Entry entry, String field, Parser<T> parser) {
    if (!(entry.tree() instanceof Text text)) {
      complaints.accept(
          new Complaint(entry.origin(), field, "must be one value, not a list or keys"));
      return null;
    }
    try {
      return parser.parse(text.value().strip());
    } catch (Wrong wrong) {
      complaints.accept(new Complaint(entry.origin(), field, wrong.instead()));
      return null;
    }
  }
}
