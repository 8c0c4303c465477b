package dev.fusible.gateway;

import ch.qos.logback.classic.LoggerContext;
import dev.fusible.gateway.Overrides.Flag;
import dev.fusible.jdbc.SupabaseMigrations;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** What can be asked for on the command line. Options may stand before or behind a command. */
@Command(
    name = "fusible",
    description = "Keeps a voice agent talking when its LLM fails.",
    footer = {
      "",
      "Without --config it is a demo: an upstream that breaks on demand, and three businesses.",
      "Variables such as FUSIBLE_SERVER_PORT override the file, and options override both.",
      "",
      "./fusible simulate --help: circuits in simulated time, with all that can go wrong."
    },
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = Version.class,
    sortOptions = false)
final class FusibleCommand implements Callable<Integer> {

  private final Map<String, String> environment;
  private final PrintWriter out;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "The configuration, in YAML.",
      scope = ScopeType.INHERIT)
  private @Nullable Path file;

  @Option(
      names = "--host",
      paramLabel = "HOST",
      description = "Where agents connect: 127.0.0.1.",
      scope = ScopeType.INHERIT)
  private @Nullable String host;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description = "Where agents connect: 8080.",
      scope = ScopeType.INHERIT)
  private @Nullable String port;

  @Option(
      names = "--admin-host",
      paramLabel = "HOST",
      description = "Where operators connect: 127.0.0.1.",
      scope = ScopeType.INHERIT)
  private @Nullable String adminHost;

  @Option(
      names = "--admin-port",
      paramLabel = "PORT",
      description = "Where operators connect: 8081.",
      scope = ScopeType.INHERIT)
  private @Nullable String adminPort;

  @Option(
      names = "--store",
      paramLabel = "URL",
      description = "Where circuits are kept: jdbc:sqlite:./data/fusible.db.",
      scope = ScopeType.INHERIT)
  private @Nullable String store;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Any key of the file, such as upstreams.0.url=https://llm.example/v1.",
      scope = ScopeType.INHERIT)
  private Map<String, String> settings = new LinkedHashMap<>();

  FusibleCommand(Map<String, String> environment, PrintWriter out) {
    this.environment = environment;
    this.out = out;
  }

  /** No command: run. */
  @Override
  public Integer call() throws ConfigException {
    return run();
  }

  @Command(name = "run", description = "Starts the gateway; so does no command at all.")
  int run() throws ConfigException {
    GatewayConfig config = load();
    LogSink log = LogSink.open((LoggerContext) LoggerFactory.getILoggerFactory(), System.err);
    try (Gateway gateway = Gateway.start(config)) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(gateway, log), "stop"));
      out.print(StartText.of(config, gateway.port(), gateway.adminPort()));
      out.flush();
      new CountDownLatch(1).await();
    } catch (InterruptedException toldToStop) {
      Thread.currentThread().interrupt();
    } finally {
      log.flush();
    }
    return 0;
  }

  private static void stop(Gateway gateway, LogSink log) {
    gateway.close();
    log.flush();
  }

  @Command(name = "check", description = "Says what is wrong with the configuration, or shows it.")
  int check() throws ConfigException {
    out.print(EffectiveConfig.yaml(load()));
    out.flush();
    return 0;
  }

  @Command(
      name = "migrate",
      description = {
        "Makes or updates the table in a PostgreSQL, as a role that may create schemas and roles:",
        "fusible migrate --store 'jdbc:postgresql://host:5432/postgres?user=...&password=...'"
      })
  int migrate() throws ConfigException, SQLException {
    String url = load().store();
    if (url.startsWith(Stores.SQLITE)) {
      out.println("Nothing to do: an SQLite file gets its table when it is opened.");
    } else {
      SupabaseMigrations.migrate(url).forEach(file -> out.println("done: " + file));
      out.println("Let the gateway log in: alter role fusible_app password '...';");
    }
    out.flush();
    return 0;
  }

  /** A key of its own option overrides {@code --set}. */
  private GatewayConfig load() throws ConfigException {
    List<Flag> flags = new ArrayList<>();
    settings.forEach((key, value) -> flags.add(new Flag(key, value, "--set " + key)));
    addIfGiven(flags, "--host", "server.host", host);
    addIfGiven(flags, "--port", "server.port", port);
    addIfGiven(flags, "--admin-host", "server.adminHost", adminHost);
    addIfGiven(flags, "--admin-port", "server.adminPort", adminPort);
    addIfGiven(flags, "--store", "store", store);
    return ConfigLoader.load(file, environment, flags);
  }

  private static void addIfGiven(
      List<Flag> flags, String option, String path, @Nullable String value) {
    if (value != null) {
      flags.add(new Flag(path, value, option));
    }
  }
}
