package dev.fusible.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The program as a process of its own: what it prints, and how it ends. */
@Timeout(120)
class ProgramTest {

  private static final Pattern CURL =
      Pattern.compile("curl -N (\\S+) -H '(Authorization): (.*?)' .* -d '(.*)'");

  @TempDir Path folder;
  private final List<Process> started = new ArrayList<>();

  @AfterEach
  void stop() {
    started.forEach(Process::destroyForcibly);
  }

  @Test
  void the_lines_it_prints_work_and_a_signal_ends_it_cleanly() throws Exception {
    Process program = start("--port", "0", "--admin-port", "0");
    BufferedReader out = program.inputReader(StandardCharsets.UTF_8);

    HttpRequest streaming = request(nextLine(out, "curl -N"));
    HttpRequest whole = request(nextLine(out, "curl -N"));
    assertThat(nextLine(out, "/demo/fault")).contains("{\"kind\":\"hang\"}");
    HttpClient client = HttpClient.newHttpClient();

    assertThat(client.send(streaming, BodyHandlers.ofString()).body())
        .startsWith("data: {")
        .contains("data: [DONE]");
    assertThat(client.send(whole, BodyHandlers.ofString()).body())
        .contains("\"finish_reason\":\"stop\"");
    assertThat(folder.resolve("data/fusible.db")).exists();

    program.destroy();
    assertThat(program.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(program.exitValue()).isEqualTo(128 + 15);
    assertThat(log()).contains("INFO  Gateway started event=started", "event=stopping");
  }

  @Test
  void a_port_that_is_taken_is_said_with_its_field_and_option() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = String.valueOf(taken.getLocalPort());
      Process program = start("--port", "0", "--admin-port", port);

      assertThat(program.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(program.exitValue()).isEqualTo(1);
      assertThat(log())
          .contains(
              "fusible: server.adminPort: can't listen on port "
                  + port
                  + " of 127.0.0.1; another program has it, or the address is not this machine's."
                  + " Choose another with --admin-port or --admin-host");
    }
  }

  @Test
  void a_store_that_can_not_be_is_said_with_its_field_and_option() throws Exception {
    Files.writeString(folder.resolve("data"), "a file where the folder should be");
    Process program = start("--port", "0", "--admin-port", "0");

    assertThat(program.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(program.exitValue()).isEqualTo(1);
    assertThat(log())
        .contains(
            "fusible: store: can't write the file or make its folder; mend the permissions, start"
                + " in another folder, or choose another file with --store");
  }

  private Process start(String... args) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(Main.class.getName());
    command.addAll(List.of(args));
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("FUSIBLE_"));
    builder.redirectError(folder.resolve("log").toFile());
    Process process = builder.start();
    started.add(process);
    return process;
  }

  private String log() throws IOException {
    return Files.readString(folder.resolve("log"));
  }

  private static String nextLine(BufferedReader out, String with) throws IOException {
    String line = out.readLine();
    while (line != null && !line.contains(with)) {
      line = out.readLine();
    }
    assertThat(line).as("a line with " + with).isNotNull();
    return line;
  }

  private static HttpRequest request(String curl) {
    Matcher parts = CURL.matcher(curl.strip());
    assertThat(parts.matches()).as(curl).isTrue();
    return HttpRequest.newBuilder(URI.create(parts.group(1)))
        .header(parts.group(2), parts.group(3))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(parts.group(4)))
        .build();
  }
}
