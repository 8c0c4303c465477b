package dev.fusible.gateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;

/** Debian's PgBouncer in transaction mode before a server, to be started again. */
final class Pooler implements AutoCloseable {

  static final Path PROGRAM = Path.of("/usr/sbin/pgbouncer");

  private final Path folder;
  private final int port = GatewayProcess.freePort();
  private Process process;

  Pooler(int serverPort) {
    try {
      folder = Files.createTempDirectory("fusible-pooler");
      Files.writeString(
          folder.resolve("pgbouncer.ini"),
          """
          [databases]
          * = host=127.0.0.1 port=%d user=fusible_app
          [pgbouncer]
          listen_addr = 127.0.0.1
          listen_port = %d
          unix_socket_dir =
          auth_type = any
          pool_mode = transaction
          default_pool_size = 10
          """
              .formatted(serverPort, port));
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    start();
  }

  String url() {
    return "jdbc:postgresql://127.0.0.1:%d/postgres?user=fusible_app".formatted(port);
  }

  void start() {
    List<String> command = new ArrayList<>();
    if (System.getProperty("user.name").equals("root")) {
      // It refuses to run as root.
      folder.toFile().setExecutable(true, false);
      folder.toFile().setReadable(true, false);
      command.addAll(List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"));
    }
    command.addAll(List.of(PROGRAM.toString(), "-q", folder.resolve("pgbouncer.ini").toString()));
    try {
      process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .ignoreExceptions()
        .until(
            () -> {
              new Socket("127.0.0.1", port).close();
              return true;
            });
  }

  void kill() {
    Signals.kill(process.toHandle());
  }

  void stop() {
    Signals.stop(process.toHandle());
  }

  void resume() {
    Signals.resume(process.toHandle());
  }

  int port() {
    return port;
  }

  @Override
  public void close() {
    kill();
  }
}
