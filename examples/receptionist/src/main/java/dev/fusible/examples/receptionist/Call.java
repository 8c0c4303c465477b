package dev.fusible.examples.receptionist;

import dev.fusible.CircuitBreakerConfig;
import dev.fusible.VoiceCircuitBreakers;
import dev.fusible.jdbc.SqliteCircuitBreakerStore;
import dev.fusible.testkit.Fault;
import dev.fusible.testkit.FaultyUpstream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/** Plays a call in the terminal, in the midst of which the model breaks, and then the booking. */
public final class Call {

  public static void main(String[] args) throws Exception {
    var business = args.length == 0 ? "clinica-sonrisa" : args[0];
    play(business, Files.createTempDirectory("receptionist"), Duration.ofMillis(4_500), System.out);
  }

  static void play(String business, Path data, Duration limit, PrintStream out) throws Exception {
    var language = business.equals("austin-plumbing") ? "en-US" : "es-MX";
    var config = CircuitBreakerConfig.builder().timeout(limit).recoveryTimeout(limit);
    try (var upstream = FaultyUpstream.start();
        var desk = new BookingDesk();
        var store = SqliteCircuitBreakerStore.open(data.resolve("fusible.db"));
        var breakers =
            VoiceCircuitBreakers.builder()
                .config(config.failureThreshold(2).volumeThreshold(2).build())
                .language(language)
                .store(store)
                .build();
        var script = Call.class.getResourceAsStream("/" + language + ".txt")) {
      var agent = new Receptionist(breakers, upstream.url(), desk.url, data.resolve("calls"));
      var circuit = breakers.forBusiness(business);
      agent.turn("warm-up", "call-0", "").forEach(words -> {});
      for (var line : new String(script.readAllBytes(), "UTF-8").lines().toList()) {
        var turn = line.split("[|]", -1);
        upstream.answer(turn[2]).fault(turn[2].equals("-") ? Fault.HANG : Fault.NONE);
        desk.answers = !turn[0].startsWith("(the booking");
        Thread.sleep(turn[0].endsWith("back)") ? limit.toMillis() : 0);
        out.printf("caller  %s   %s%n", turn[1], turn[0]);
        var began = System.nanoTime();
        var waited = new AtomicLong();
        var answer =
            agent
                .turn(business, "call-1", turn[1])
                .peek(words -> waited.compareAndSet(0, System.nanoTime() - began))
                .collect(Collectors.joining());
        out.printf("agent   %s   [%.1f s, %s]%n", answer, waited.get() / 1e9, circuit.state());
      }
    }
  }
}
