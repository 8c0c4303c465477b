package dev.fusible.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/** Holds docs/configuration.md and the example to what the gateway really reads. */
class ConfigurationPageTest {

  private static final Path DOCS = Path.of("..", "docs");

  private record Row(String key, String otherwise, String variable) {}

  @Test
  void the_page_lists_every_key_and_no_other() throws Exception {
    assertThat(rows())
        .extracting(Row::key)
        .containsExactlyElementsOf(
            ConfigKeys.PATTERNS.stream().map(key -> key.replaceFirst("\\[]$", "")).toList());
  }

  @Test
  void the_page_names_every_variable() throws Exception {
    for (Row row : rows()) {
      String variable = ConfigKeys.variable(row.key()).replace('#', '0');
      assertThat(row.variable())
          .isEqualTo(row.key().contains("*") ? "in the file only" : "`" + variable + "`");
    }
  }

  @Test
  void the_page_tells_the_defaults() throws Exception {
    Map<String, String> defaults = new LinkedHashMap<>();
    String yaml = EffectiveConfig.yaml(ConfigLoader.load(null, Map.of(), List.of()));
    flatten("", new Yaml().load(yaml), defaults);

    for (Row row : rows()) {
      boolean single = !row.key().contains("[]");
      if (single && !row.otherwise().equals("none")) {
        assertThat(row.otherwise()).as(row.key()).isEqualTo("`" + defaults.remove(row.key()) + "`");
      }
    }
    assertThat(defaults).containsOnlyKeys("upstreams", "businesses", "platformKeys");
  }

  private static void flatten(String path, Object value, Map<String, String> flat) {
    if (value instanceof Map<?, ?> map) {
      map.forEach((k, v) -> flatten(path.isEmpty() ? "" + k : path + "." + k, v, flat));
    } else {
      flat.put(path, String.valueOf(value));
    }
  }

  @Test
  void the_example_is_accepted_and_has_every_key() throws Exception {
    Path example = DOCS.resolve("fusible.example.yaml");
    GatewayConfig config = ConfigLoader.load(example, Map.of(), List.of());
    String text = Files.readString(example);

    assertThat(config.businesses()).containsOnlyKeys("clinica-sonrisa", "austin-plumbing");
    for (String pattern : ConfigKeys.PATTERNS) {
      String key = pattern.replaceFirst("\\[]$", "").replaceFirst(".*\\.", "");
      assertThat(text).as(pattern).containsPattern("\\b" + key + ":");
    }
  }

  @Test
  void what_the_example_shows_as_default_is_the_default() throws Exception {
    GatewayConfig example =
        ConfigLoader.load(DOCS.resolve("fusible.example.yaml"), Map.of(), List.of());
    GatewayConfig defaults = ConfigLoader.load(null, Map.of(), List.of());

    assertThat(example.store()).isEqualTo(defaults.store());
    assertThat(example.deadlines()).isEqualTo(defaults.deadlines());
    assertThat(example.server().port()).isEqualTo(defaults.server().port());
    assertThat(example.breaker().toString().replaceAll("record.*", ""))
        .isEqualTo(defaults.breaker().toString().replaceAll("record.*", ""));
  }

  private static List<Row> rows() throws Exception {
    List<Row> rows = new ArrayList<>();
    for (String line : Files.readAllLines(DOCS.resolve("configuration.md"))) {
      String[] cells = line.replace("\\|", "or").split("\\|");
      if (line.startsWith("| `") && cells.length == 5) {
        rows.add(new Row(cells[1].strip().replace("`", ""), cells[2].strip(), cells[4].strip()));
      }
    }
    return rows;
  }
}
