package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.fusible.FlakyStore.Fault;
import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** What is logged, and what never is. */
class EventLogTest {

  private static final String SECRET = "canary-5512345678";

  private final ManualTime time = new ManualTime();
  private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final VoiceCircuitBreakers breakers =
      VoiceCircuitBreakers.builder()
          .timeSource(time)
          .executor(Runnable::run)
          .eventDelivery(Runnable::run)
          .build();
  private final VoiceCircuitBreaker breaker = breakers.forBusiness("clinica-sonrisa");
  private Level before;

  @BeforeEach
  void listen() {
    before = root.getLevel();
    root.setLevel(Level.ALL);
    log.start();
    root.addAppender(log);
  }

  @AfterEach
  void leave() {
    root.detachAppender(log);
    root.setLevel(before);
  }

  private void fail(int times) {
    for (int i = 0; i < times; i++) {
      breaker.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException(SECRET)));
    }
  }

  private List<ILoggingEvent> lines() {
    return log.list.stream().filter(e -> e.getLoggerName().startsWith("dev.fusible")).toList();
  }

  private static Map<String, String> values(ILoggingEvent line) {
    return line.getKeyValuePairs().stream()
        .collect(Collectors.toMap(pair -> pair.key, pair -> String.valueOf(pair.value)));
  }

  @Test
  void a_circuit_that_opens_is_one_warning_with_business_count_and_error() {
    fail(15);

    assertThat(lines()).hasSize(1);
    ILoggingEvent line = lines().get(0);
    assertThat(line.getLevel()).isEqualTo(Level.WARN);
    assertThat(line.getMessage()).isEqualTo("Circuit breaker opened");
    assertThat(values(line))
        .isEqualTo(
            Map.of(
                "event", "state_change",
                "businessId", "clinica-sonrisa",
                "from", "CLOSED",
                "to", "OPEN",
                "reason", "failures",
                "failureCount", "10",
                "lastError", "IllegalStateException"));
  }

  @Test
  void each_transition_is_one_line() {
    fail(10);
    time.advance(Duration.ofSeconds(30));
    breaker.executeAsync(() -> CompletableFuture.completedFuture(SECRET));

    assertThat(lines())
        .extracting(ILoggingEvent::getMessage)
        .containsExactly(
            "Circuit breaker opened", "Circuit breaker half-open", "Circuit breaker closed");
    assertThat(lines())
        .extracting(ILoggingEvent::getLevel)
        .containsExactly(Level.WARN, Level.INFO, Level.INFO);
  }

  @Test
  void calls_log_nothing() {
    fail(9);
    breaker.executeAsync(() -> CompletableFuture.completedFuture("ok"));

    assertThat(lines()).isEmpty();
  }

  @Test
  void no_message_of_an_exception_is_ever_logged() {
    breaker.addListener(
        new CircuitBreakerListener() {
          @Override
          public void onStateChange(StateChange change) {
            throw new IllegalStateException(SECRET);
          }
        });
    fail(10);
    time.advance(Duration.ofSeconds(30));
    fail(1);
    breaker.forceOpen(SECRET.repeat(10));

    assertThat(lines()).hasSizeGreaterThan(5);
    assertThat(log.list)
        .allSatisfy(
            line -> {
              assertThat(line.getFormattedMessage()).doesNotContain(SECRET);
              assertThat(line.getThrowableProxy()).isNull();
              assertThat(String.valueOf(line.getKeyValuePairs())).doesNotContain(SECRET);
            });
  }

  @Test
  void a_listener_that_throws_is_a_warning_with_its_class() {
    breaker.addListener(
        new CircuitBreakerListener() {
          @Override
          public void onStateChange(StateChange change) {
            throw new UnsupportedOperationException();
          }
        });

    breaker.forceOpen("x");

    assertThat(values(lines().get(1)))
        .isEqualTo(
            Map.of(
                "event", "listener_failed",
                "exception", "java.lang.UnsupportedOperationException"));
  }

  @Test
  void an_operators_reason_is_logged_if_it_is_short_and_printable() {
    breaker.forceOpen("mantenimiento del año, 20:00–21:00");

    assertThat(values(lines().get(0)))
        .containsEntry("reason", "mantenimiento del año, 20:00–21:00");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\nb", "a\u2028b", "a\u202eb", "a\u0000b", "\ud800", "a\u200bb"})
  void an_operators_reason_that_is_not_printable_is_not_logged(String reason) {
    breaker.forceOpen(reason);

    assertThat(values(lines().get(0))).containsEntry("reason", "(not logged)");
  }

  @Test
  void an_operators_reason_that_is_long_is_not_logged_but_told_to_listeners() {
    Heard heard = new Heard();
    breaker.addListener(heard);

    breaker.forceOpen("x".repeat(129));

    assertThat(values(lines().get(0))).containsEntry("reason", "(not logged)");
    assertThat(heard.changes.get(0).reason()).hasSize(129);
  }

  @Test
  void a_code_that_came_with_a_row_is_logged_like_an_operators_text() {
    CircuitBreakerStore store = CircuitBreakerStore.inMemory(time);
    CircuitBreakerStoreState initial = CircuitBreakerStoreState.initial("b");
    store.setState(
        "b",
        new CircuitBreakerStoreState(
            "b",
            CircuitBreakerState.OPEN,
            10,
            10,
            1,
            0,
            Duration.ZERO,
            0,
            null,
            "line\nfeed",
            Hold.NONE,
            null,
            Duration.ZERO,
            initial.writeId()));

    new Instance(time, store).close();

    assertThat(values(lines().get(0))).containsEntry("lastError", "(not logged)");
  }

  @Test
  void an_outage_of_the_store_is_one_warning_and_one_line_when_it_is_over() {
    FlakyStore line = new FlakyStore(CircuitBreakerStore.inMemory(time));
    Instance one = new Instance(time, line, CircuitBreakerConfig.defaults());
    line.all(Fault.FAIL);
    time.advance(Duration.ofMinutes(1));
    line.all(Fault.NONE);
    time.advance(Duration.ofMinutes(1));
    one.close();

    assertThat(lines()).hasSize(2);
    assertThat(lines().get(0).getLevel()).isEqualTo(Level.WARN);
    assertThat(values(lines().get(0)))
        .isEqualTo(Map.of("event", "store_degraded", "errorCode", "unreachable"));
    assertThat(lines().get(1).getLevel()).isEqualTo(Level.INFO);
    assertThat(values(lines().get(1))).isEqualTo(Map.of("event", "store_recovered"));
  }
}
