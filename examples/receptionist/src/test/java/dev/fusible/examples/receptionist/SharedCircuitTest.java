package dev.fusible.examples.receptionist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fusible.CircuitBreakerState;
import dev.fusible.testkit.Fault;
import dev.fusible.testkit.FaultyUpstream;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The receptionist and a gateway in a process of its own share a file, and so their circuits. */
@Timeout(120)
class SharedCircuitTest {

  private static final String CLINIC = "clinica-sonrisa";
  private static final Pattern URL = Pattern.compile("http://[0-9.:]+");

  @TempDir Path folder;
  private final HttpClient http = HttpClient.newHttpClient();
  private FaultyUpstream model;
  private BookingDesk desk;
  private Office office;
  private Process gateway;
  private String agents;
  private String admin;

  @BeforeEach
  void open() throws Exception {
    model = FaultyUpstream.start();
    desk = new BookingDesk();
    office = new Office(folder, model, desk);
  }

  @AfterEach
  void close() {
    if (gateway != null) {
      gateway.destroyForcibly();
    }
    office.close();
    desk.close();
    model.close();
  }

  private void startGateway() throws IOException {
    gateway =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "dev.fusible.gateway.Main",
                "--port",
                "0",
                "--admin-port",
                "0",
                "--store",
                "jdbc:sqlite:" + folder.resolve("fusible.db"))
            .directory(folder.toFile())
            .redirectError(folder.resolve("gateway.log").toFile())
            .start();
    BufferedReader out = gateway.inputReader(StandardCharsets.UTF_8);
    agents = url(out, "curl -N");
    admin = url(out, "/demo/fault");
  }

  private static String url(BufferedReader out, String with) throws IOException {
    String line = out.readLine();
    while (line != null && !line.contains(with)) {
      line = out.readLine();
    }
    assertThat(line).as("a line with " + with).isNotNull();
    Matcher url = URL.matcher(line);
    assertThat(url.find()).isTrue();
    return url.group();
  }

  private HttpResponse<String> post(String url, String body) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create(url))
            .header("Authorization", "Bearer demo-" + CLINIC)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }

  @Test
  void what_the_receptionist_opened_is_open_for_the_gateway() throws Exception {
    model.fault(Fault.ERROR);
    List<String> heard = List.of(office.hears(CLINIC, "hola"), office.hears(CLINIC, "hola"));
    assertThat(heard).doesNotContain("");
    assertThat(office.state(CLINIC)).isEqualTo(CircuitBreakerState.OPEN);
    office.close();
    startGateway();

    HttpResponse<String> answer =
        post(
            agents + "/v1/chat/completions",
            "{\"model\":\"demo\",\"messages\":[{\"role\":\"user\",\"content\":\"hola\"}]}");

    assertThat(answer.headers().firstValue("X-Fusible-Fallback")).contains("circuit_open");
  }

  @Test
  void what_an_operator_of_the_gateway_opened_is_open_for_the_receptionist() throws Exception {
    startGateway();
    model.answer("Hello!");
    assertThat(office.hears(CLINIC, "hola")).isEqualTo("Hello!");

    HttpResponse<String> forced =
        post(admin + "/admin/circuits/" + CLINIC + "/force-open", "{\"reason\":\"maintenance\"}");
    assertThat(forced.statusCode()).isLessThan(300);

    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () -> {
              office.time.advance(Duration.ofSeconds(1));
              return office.state(CLINIC) == CircuitBreakerState.OPEN;
            });
    int asked = model.requests();
    assertThat(office.hears(CLINIC, "hola")).isNotEqualTo("Hello!").isNotBlank();
    assertThat(model.requests()).isEqualTo(asked);
  }
}
