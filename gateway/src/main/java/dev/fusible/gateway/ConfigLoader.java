package dev.fusible.gateway;

import dev.fusible.gateway.ConfigTree.Entry;
import dev.fusible.gateway.ConfigTree.Keys;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Loads what a gateway is started with: flags over variables over a file over the defaults. */
final class ConfigLoader {

  private static final int MOST_BYTES = 16 * 1024 * 1024;

  private ConfigLoader() {}

  /**
   * Loads a configuration.
   *
   * @param file the YAML file; {@code null} for none
   * @param environment all variables; those that begin with {@code FUSIBLE_} are settings
   * @param flags in the order they were given
   * @throws ConfigException with everything that is wrong, each with its place and what to write
   */
  static GatewayConfig load(
      @Nullable Path file, Map<String, String> environment, List<Overrides.Flag> flags)
      throws ConfigException {
    List<Complaint> complaints = new ArrayList<>();
    Entry read = file == null ? new Entry(Keys.NONE, Origin.line(1)) : tree(file, complaints);
    ConfigTree written = read == null ? Keys.NONE : read.tree();
    ConfigTree tree = Overrides.over(written, environment, flags, complaints::add);
    String source = file == null ? "The configuration" : file.toString();
    if (read == null) {
      throw new ConfigException(source, complaints);
    }
    GatewayConfig config = ConfigReader.read(Section.root(tree, complaints::add));
    if (!complaints.isEmpty()) {
      throw new ConfigException(source, complaints);
    }
    return config;
  }

  private static @Nullable Entry tree(Path file, List<Complaint> complaints) {
    try {
      if (Files.size(file) > MOST_BYTES) {
        throw new Wrong("is larger than 16 MiB; is it the right file?");
      }
      String yaml =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
              .toString();
      return YamlTree.read(yaml.startsWith("\uFEFF") ? yaml.substring(1) : yaml, complaints::add);
    } catch (Wrong wrong) {
      complaints.add(new Complaint(Origin.named("--config"), "", wrong.instead()));
    } catch (CharacterCodingException notUtf8) {
      complaints.add(
          new Complaint(Origin.named("--config"), "", "is not UTF-8; save it in that encoding"));
    } catch (IOException unreadable) {
      String problem =
          Files.notExists(file)
              ? "there is no such file; give the path of a YAML file"
              : "can't be read; check that it is a file, and its permissions";
      complaints.add(new Complaint(Origin.named("--config"), "", problem));
    }
    return null;
  }
}
