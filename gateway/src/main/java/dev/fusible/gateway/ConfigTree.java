package dev.fusible.gateway;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A configuration as it was written, before it is understood: the file with variables and flags
 * laid over it. Immutable; branches that the file shares by an anchor are shared here too.
 */
sealed interface ConfigTree {

  /** A branch with where it was written. */
  record Entry(ConfigTree tree, Origin origin) {}

  /** No value: as if the key were not there. */
  record Nothing() implements ConfigTree {}

  record Text(String value) implements ConfigTree {}

  record Items(List<Entry> entries) implements ConfigTree {

    public Items {
      entries = List.copyOf(entries);
    }

    /** With an item replaced, or one added at the end. */
    Items with(int index, Entry entry) {
      List<Entry> changed = new ArrayList<>(entries);
      if (index == changed.size()) {
        changed.add(entry);
      } else {
        changed.set(index, entry);
      }
      return new Items(changed);
    }
  }

  /** Keys in the order they were written. */
  record Keys(Map<String, Entry> entries) implements ConfigTree {

    static final Keys NONE = new Keys(Map.of());

    Keys with(String key, Entry entry) {
      Map<String, Entry> changed = new LinkedHashMap<>(entries);
      changed.put(key, entry);
      return new Keys(changed);
    }
  }
}
