package dev.fusible.gateway;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The program. It exits with 0 when all is well, 1 if the gateway could not start and 2 if the
 * command line or the configuration is refused; a signal that stops it gives its own code (143 for
 * SIGTERM, 130 for SIGINT) once everything is closed.
 */
final class Main {

  static final int NOT_STARTED = 1;
  static final int REFUSED = 2;

  private Main() {}

  public static void main(String[] args) {
    System.exit(run(System.getenv(), utf8(FileDescriptor.out), utf8(FileDescriptor.err), args));
  }

  /** Whatever the locale says: names have accents. */
  private static PrintWriter utf8(FileDescriptor descriptor) {
    return new PrintWriter(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }

  /** Runs a command line to its end, which for a gateway is when the thread is interrupted. */
  static int run(
      Map<String, String> environment, PrintWriter out, PrintWriter err, String... args) {
    return new CommandLine(new FusibleCommand(environment, out))
        .setOut(out)
        .setErr(err)
        .setExpandAtFiles(false)
        .setUsageHelpWidth(100)
        .setParameterExceptionHandler((wrong, all) -> refused(wrong, err))
        .setExecutionExceptionHandler((failure, command, parsed) -> failed(failure, err))
        .execute(args);
  }

  /** Says no more of the arguments than their names: one could be a secret. */
  private static int refused(ParameterException wrong, PrintWriter err) {
    String problem;
    if (wrong instanceof UnmatchedArgumentException unmatched) {
      String argument = unmatched.getUnmatched().get(0);
      problem =
          argument.startsWith("-")
              ? "unknown option " + argument.replaceFirst("=.*", "")
              : "an argument that is no command";
    } else if (option(wrong) instanceof OptionSpec option) {
      problem = "write " + option.longestName() + " " + option.paramLabel() + ", once";
    } else {
      problem = "the command line is not understood";
    }
    err.println("fusible: " + problem + "; see fusible --help");
    return REFUSED;
  }

  private static @Nullable ArgSpec option(ParameterException wrong) {
    return wrong instanceof MissingParameterException missing
        ? missing.getMissing().get(0)
        : wrong.getArgSpec();
  }

  private static int failed(Exception failure, PrintWriter err) {
    if (failure instanceof ConfigException refused) {
      err.print(refused.getMessage());
      err.flush();
      return REFUSED;
    }
    if (failure instanceof NotStartedException known) {
      err.println("fusible: " + known.getMessage());
      return NOT_STARTED;
    }
    err.println("fusible: could not start: " + classes(failure));
    return NOT_STARTED;
  }

  /** Messages of others may hold anything; their classes don't. */
  private static String classes(Throwable failure) {
    StringBuilder classes = new StringBuilder(failure.getClass().getName());
    for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
      classes.append(", because of ").append(cause.getClass().getName());
    }
    return classes.toString();
  }
}
