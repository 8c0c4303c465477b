package dev.fusible.gateway;

import static dev.fusible.gateway.Configurations.complaintsOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is no YAML, or none that a configuration should be written in, is said with its line. */
class BrokenYamlTest {

  @Test
  void a_key_written_twice_is_refused() {
    assertThat(complaintsOf("server:", "  port: 1", "  host: ::1", "  port: 2"))
        .containsExactly("line 4: server.port: is written twice, first in line 2; keep one");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          server: {port: 1    | expected ',' or '}', but got <stream end>
          server: port: 1     | mapping values are not allowed here
          server: "open       | found unexpected end of stream
          server: @home       | found character '@' that cannot start any token
          """)
  void broken_yaml_is_said_with_its_line(String yaml, String problem) {
    assertThat(complaintsOf("", yaml))
        .containsExactly(
            "line 2: is not YAML: "
                + problem
                + "; indent with spaces, close what is open, and quote texts with : # or @");
  }

  @Test
  void a_tab_is_no_indentation() {
    assertThat(complaintsOf("server:", "\tport: 1"))
        .containsExactly(
            "line 2: is not YAML: found character '\\t(TAB)' that cannot start any token; indent"
                + " with spaces, close what is open, and quote texts with : # or @");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "server: !!javax.script.ScriptEngineManager [x]",
        "server: *secret",
        "server: !s!secret x"
      })
  void undefined_tags_and_aliases_are_refused_without_repeating_them(String yaml) {
    assertThat(complaintsOf(yaml))
        .containsExactly(
            "line 1: is not YAML: it uses an anchor, an alias or a tag that is not defined; quote"
                + " texts with & * or !");
  }

  @Test
  void other_tags_are_refused() {
    assertThat(complaintsOf("server: !local {port: 1}"))
        .containsExactly(
            "line 1: server: has a YAML tag (a word that begins with !); remove the tag");
  }

  @Test
  void an_anchor_inside_itself_is_refused() {
    assertThat(complaintsOf("server: &itself {host: *itself}"))
        .containsExactly("line 1: server.host: is inside itself by its anchor; write it out");
  }

  @Test
  void aliases_of_aliases_cost_nothing() {
    StringBuilder bomb = new StringBuilder("a0: &a0 [x]\n");
    for (int i = 1; i <= 30; i++) {
      String ten = ("*a" + (i - 1) + ", ").repeat(10);
      bomb.append("a").append(i).append(": &a").append(i).append(" [").append(ten).append("]\n");
    }
    assertThat(complaintsOf(bomb.toString())).hasSize(31).allMatch(line -> line.contains(": a"));
  }

  @Test
  void too_deep_a_nesting_is_refused() {
    assertThat(complaintsOf("server: " + "[".repeat(10_000)))
        .containsExactly(
            "line 1: is not YAML: it has characters that YAML does not allow, or is nested too"
                + " deeply");
  }

  @Test
  void several_documents_are_refused() {
    assertThat(complaintsOf("server: {}", "---", "server: {}"))
        .containsExactly("line 2: is not YAML: it holds several documents; keep one, without ---");
  }

  @ParameterizedTest
  @ValueSource(strings = {"just text", "- a list"})
  void a_file_without_keys_is_refused(String yaml) {
    assertThat(complaintsOf(yaml))
        .containsExactly("line 1: must hold keys; write name: value below it");
  }

  @Test
  void a_key_that_could_be_a_secret_is_not_repeated() {
    assertThat(complaintsOf("upstreams: [{apiKey:sk-canary}]", "? [sk-canary]", ": 1"))
        .contains(
            "line 1: upstreams[0]: has a key that is no name; write name: value, with a space"
                + " behind the colon",
            "line 2: has a key that is no name; write name: value, with a space behind the colon")
        .noneMatch(line -> line.contains("sk-canary"));
  }

  @Test
  void a_file_that_is_not_there_is_said_so(@TempDir Path folder) {
    assertRefused(
        folder.resolve("none.yaml"), "there is no such file; give the path of a YAML file");
  }

  @Test
  void a_folder_is_no_file(@TempDir Path folder) {
    assertRefused(folder, "can't be read; check that it is a file, and its permissions");
  }

  @Test
  void a_file_in_another_encoding_is_refused(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("latin1.yaml");
    Files.write(file, "businesses: [{name: Panadería}]".getBytes(StandardCharsets.ISO_8859_1));

    assertRefused(file, "is not UTF-8; save it in that encoding");
  }

  @Test
  void a_huge_file_is_refused(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("huge.yaml");
    Files.write(file, new byte[16 * 1024 * 1024 + 1]);

    assertRefused(file, "is larger than 16 MiB; is it the right file?");
  }

  private static void assertRefused(Path file, String problem) {
    assertThatThrownBy(() -> ConfigLoader.load(file, Map.of(), List.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessage(file + " is refused:\n  --config: " + problem + "\n");
  }
}
