package dev.fusible.gateway;

import dev.fusible.gateway.ConfigTree.Entry;
import dev.fusible.gateway.ConfigTree.Items;
import dev.fusible.gateway.ConfigTree.Keys;
import dev.fusible.gateway.ConfigTree.Nothing;
import dev.fusible.gateway.ConfigTree.Text;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.parser.ParserException;
import org.yaml.snakeyaml.scanner.ScannerException;

/**
 * Reads YAML no further than its nodes: nothing is constructed, whatever its tags say, and every
 * value keeps its line. An aliased node is converted once, so that aliases of aliases cost nothing.
 */
final class YamlTree {

  private static final int MOST_CHARACTERS = 16 * 1024 * 1024;
  private static final int DEEPEST = 20;
  private static final int MOST_ALIASES = 10_000;
  private static final Set<Tag> PLAIN_TAGS =
      Set.of(
          Tag.MAP,
          Tag.SEQ,
          Tag.STR,
          Tag.INT,
          Tag.FLOAT,
          Tag.BOOL,
          Tag.NULL,
          Tag.TIMESTAMP,
          Tag.MERGE);

  /** Anything else could be a value that lacks its key, and must not be repeated. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_-]{0,39}|<<");

  private final Consumer<Complaint> complaints;
  private final Map<Node, ConfigTree> converted = new IdentityHashMap<>();
  private final Set<Node> underWay = Collections.newSetFromMap(new IdentityHashMap<>());

  private YamlTree(Consumer<Complaint> complaints) {
    this.complaints = complaints;
  }

  /**
   * Reads a document; what is wrong with its form is handed to {@code complaints}.
   *
   * @return {@code null} if it can't be read at all
   */
  static @Nullable Entry read(String yaml, Consumer<Complaint> complaints) {
    LoaderOptions options = new LoaderOptions();
    options.setCodePointLimit(MOST_CHARACTERS);
    options.setNestingDepthLimit(DEEPEST);
    options.setMaxAliasesForCollections(MOST_ALIASES);
    try {
      Node root = new Yaml(options).compose(new StringReader(yaml));
      return root == null
          ? new Entry(Keys.NONE, Origin.line(1))
          : new Entry(new YamlTree(complaints).convert(root, ""), line(root));
    } catch (YAMLException refused) {
      complaints.accept(
          new Complaint(lineOf(refused), "", "is not YAML: " + sayingNoValue(refused)));
      return null;
    }
  }

  private ConfigTree convert(Node node, String path) {
    ConfigTree known = converted.get(node);
    if (known != null) {
      return known;
    }
    if (!underWay.add(node)) {
      complain(node, path, "is inside itself by its anchor; write it out");
      return new Nothing();
    }
    if (!PLAIN_TAGS.contains(node.getTag())) {
      complain(node, path, "has a YAML tag (a word that begins with !); remove the tag");
    }
    ConfigTree tree = convertNew(node, path);
    converted.put(node, tree);
    return tree;
  }

  private ConfigTree convertNew(Node node, String path) {
    if (node instanceof MappingNode mapping) {
      return keys(mapping, path);
    }
    if (node instanceof SequenceNode sequence) {
      List<Entry> items = new ArrayList<>();
      for (Node item : sequence.getValue()) {
        items.add(new Entry(convert(item, path + "[" + items.size() + "]"), line(item)));
      }
      return new Items(items);
    }
    boolean nothing = node.getTag().equals(Tag.NULL);
    return nothing ? new Nothing() : new Text(((ScalarNode) node).getValue());
  }

  private Keys keys(MappingNode mapping, String path) {
    Map<String, Entry> keys = new LinkedHashMap<>();
    for (NodeTuple tuple : mapping.getValue()) {
      if (!(tuple.getKeyNode() instanceof ScalarNode keyNode)
          || !NAME.matcher(keyNode.getValue()).matches()) {
        complain(
            tuple.getKeyNode(),
            path,
            "has a key that is no name; write name: value, with a space behind the colon");
        continue;
      }
      String key = keyNode.getValue();
      String field = path.isEmpty() ? key : path + "." + key;
      Entry first = keys.get(key);
      if (first != null) {
        complain(
            keyNode, field, "is written twice, first in " + first.origin().text() + "; keep one");
        continue;
      }
      keys.put(key, new Entry(convert(tuple.getValueNode(), field), line(keyNode)));
    }
    return new Keys(keys);
  }

  private void complain(Node node, String path, String problem) {
    complaints.accept(new Complaint(line(node), path, problem));
  }

  private static Origin line(Node node) {
    return Origin.line(node.getStartMark().getLine() + 1);
  }

  private static Origin lineOf(YAMLException refused) {
    Mark mark = refused instanceof MarkedYAMLException marked ? marked.getProblemMark() : null;
    return Origin.line(mark == null ? 1 : mark.getLine() + 1);
  }

  /** The parser's own words where they quote nothing of the file. */
  private static String sayingNoValue(YAMLException refused) {
    @Nullable String problem =
        refused instanceof MarkedYAMLException marked ? marked.getProblem() : null;
    if (problem == null) {
      return "it has characters that YAML does not allow, or is nested too deeply";
    }
    if (problem.contains("another document")) {
      return "it holds several documents; keep one, without ---";
    }
    boolean ownWords = refused instanceof ScannerException || refused instanceof ParserException;
    if (ownWords && !problem.contains("tag")) {
      return problem.replaceFirst("\\. \\(Do not use .*", "").strip()
          + "; indent with spaces, close what is open, and quote texts with : # or @";
    }
    return "it uses an anchor, an alias or a tag that is not defined; quote texts with & * or !";
  }
}
