package dev.fusible.gateway;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** A PostgreSQL to be killed, started again on what it had written, and stopped for a while. */
final class PostgresServer implements AutoCloseable {

  private final Path data;
  private final int port;
  private EmbeddedPostgres server;

  PostgresServer(Path folder) {
    data = folder.resolve("postgres");
    server = started(0);
    port = server.getPort();
  }

  /** On a disk that keeps what it says that it kept. */
  private EmbeddedPostgres started(int atPort) {
    try {
      return EmbeddedPostgres.builder()
          .setDataDirectory(data)
          .setCleanDataDirectory(false)
          .setPort(atPort)
          .setServerConfig("fsync", "on")
          .setServerConfig("full_page_writes", "on")
          .setPGStartupWait(Duration.ofSeconds(60))
          .start();
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  String url(String user) {
    return "jdbc:postgresql://127.0.0.1:%d/postgres?user=%s".formatted(port, user);
  }

  int port() {
    return port;
  }

  private ProcessHandle postmaster() {
    try {
      return ProcessHandle.of(
              Long.parseLong(Files.readAllLines(data.resolve("postmaster.pid")).get(0)))
          .orElseThrow();
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  void kill() {
    Signals.kill(postmaster());
    close();
  }

  void startAgain() {
    server = started(port);
  }

  void stop() {
    Signals.stop(postmaster());
  }

  void resume() {
    Signals.resume(postmaster());
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }
}
