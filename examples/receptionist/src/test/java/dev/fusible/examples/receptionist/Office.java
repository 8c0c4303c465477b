package dev.fusible.examples.receptionist;

import static org.awaitility.Awaitility.await;

import dev.fusible.CircuitBreakerConfig;
import dev.fusible.CircuitBreakerState;
import dev.fusible.VoiceCircuitBreakers;
import dev.fusible.jdbc.SqliteCircuitBreakerStore;
import dev.fusible.testkit.FaultyUpstream;
import dev.fusible.testkit.ManualTime;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A receptionist at work: real HTTP to what it depends on, a real file, and time that stands still.
 */
final class Office implements AutoCloseable {

  static final Duration LIMIT = Duration.ofMillis(4_500);

  final ManualTime time = new ManualTime();
  final FaultyUpstream model;
  final BookingDesk desk;
  private final SqliteCircuitBreakerStore store;
  final VoiceCircuitBreakers breakers;
  private final Receptionist receptionist;

  Office(Path folder, FaultyUpstream model, BookingDesk desk) throws Exception {
    this.model = model;
    this.desk = desk;
    this.store = SqliteCircuitBreakerStore.open(folder.resolve("fusible.db"));
    this.breakers =
        VoiceCircuitBreakers.builder()
            .config(
                CircuitBreakerConfig.builder()
                    .timeout(LIMIT)
                    .failureThreshold(2)
                    .volumeThreshold(2)
                    .build())
            .languageFor(business -> business.startsWith("austin") ? "en-US" : "es-MX")
            .store(store)
            .timeSource(time)
            .build();
    this.receptionist = new Receptionist(breakers, model.url(), desk.url, folder.resolve("calls"));
  }

  /** What a caller hears at once, or soon. */
  String hears(String business, String said) throws Exception {
    return ask(business, said).get(30, TimeUnit.SECONDS);
  }

  /** What a caller hears when the model hangs, and not before the limit. */
  String hearsAtTheLimit(String business, String said) throws Exception {
    CompletableFuture<String> answer = ask(business, said);
    await().until(() -> model.inFlight() == 1);
    time.advance(LIMIT.minusMillis(1));
    if (answer.isDone()) {
      throw new AssertionError("answered before the limit");
    }
    time.advance(Duration.ofMillis(1));
    return answer.get(30, TimeUnit.SECONDS);
  }

  /** What a caller hears in the end, however long the limits are. */
  String hearsInTheEnd(String business, String said) {
    CompletableFuture<String> answer = ask(business, said);
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () -> {
              time.advance(Duration.ofMillis(500));
              return answer.isDone();
            });
    return answer.join();
  }

  private CompletableFuture<String> ask(String business, String said) {
    return CompletableFuture.supplyAsync(
        () -> receptionist.turn(business, "call-1", said).collect(Collectors.joining()));
  }

  /**
   * Moves time past an open circuit's wait. The store's clock is real and says how long ago the
   * circuits opened, so it must have heard of that before.
   */
  void waitForRecovery(String business) {
    List<String> circuits = List.of(business, business + ":booking");
    await()
        .until(
            () -> {
              var rows = store.getStates(circuits).toCompletableFuture().join();
              return circuits.stream().allMatch(id -> rows.get(id).state() == state(id));
            });
    time.advance(Duration.ofSeconds(30));
  }

  CircuitBreakerState state(String circuit) {
    return breakers.forBusiness(circuit).state();
  }

  @Override
  public void close() {
    breakers.close();
    store.close();
  }
}
