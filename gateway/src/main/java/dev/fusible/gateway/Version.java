package dev.fusible.gateway;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** What was built, and what it runs on. */
final class Version implements IVersionProvider {

  /** As the build has written it. */
  static String text() {
    Properties build = new Properties();
    try (InputStream in =
        Objects.requireNonNull(Version.class.getResourceAsStream("build.properties"))) {
      build.load(in);
    } catch (IOException unreadable) {
      throw new IllegalStateException("build.properties can't be read", unreadable);
    }
    return Objects.requireNonNull(build.getProperty("version"));
  }

  @Override
  public String[] getVersion() {
    return new String[] {"fusible " + text(), "Java " + Runtime.version()};
  }
}
