package dev.fusible.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Loads configurations as an operator would, from a file. */
final class Configurations {

  static final String HASH_A = "a".repeat(64);
  static final String HASH_B = "b".repeat(64);

  /** The shortest that is no demo. */
  static final String SMALLEST =
      """
      upstreams:
        - name: main
          url: https://llm.example/v1
      businesses:
        - id: bakery
          apiKeySha256: %s
      """
          .formatted(HASH_A);

  private Configurations() {}

  static GatewayConfig load(String yaml) {
    return load(yaml, Map.of());
  }

  static GatewayConfig load(String yaml, Map<String, String> environment, Overrides.Flag... flags) {
    Path file = write(yaml);
    try {
      return ConfigLoader.load(file, environment, List.of(flags));
    } catch (ConfigException refused) {
      throw new AssertionError(refused.getMessage(), refused);
    }
  }

  /** The complaints, one a line as the operator reads them, without what names the file. */
  static List<String> complaintsOf(
      String yaml, Map<String, String> environment, Overrides.Flag... flags) {
    Path file = write(yaml);
    ConfigException refused =
        catchThrowableOfType(
            ConfigException.class, () -> ConfigLoader.load(file, environment, List.of(flags)));
    assertThat(refused).as("refused").isNotNull();
    List<String> lines = refused.getMessage().lines().toList();
    assertThat(lines.get(0)).isEqualTo(file + " is refused:");
    return lines.stream().skip(1).map(String::strip).toList();
  }

  static List<String> complaintsOf(String... yamlLines) {
    return complaintsOf(String.join("\n", Arrays.asList(yamlLines)), Map.of());
  }

  static Path write(String yaml) {
    try {
      Path file = Files.createTempFile("fusible", ".yaml");
      file.toFile().deleteOnExit();
      return Files.writeString(file, yaml);
    } catch (IOException unwritable) {
      throw new UncheckedIOException(unwritable);
    }
  }
}
