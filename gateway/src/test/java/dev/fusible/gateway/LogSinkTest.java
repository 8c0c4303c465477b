package dev.fusible.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class LogSinkTest {

  private final LoggerContext context = context();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final LogSink sink = LogSink.open(context, out);
  private final Logger logger = context.getLogger("dev.fusible.Something");

  private static LoggerContext context() {
    LoggerContext context = new LoggerContext();
    context.setMDCAdapter(new LogbackMDCAdapter());
    return context;
  }

  @AfterEach
  void stop() {
    context.stop();
  }

  @Test
  void an_event_is_one_line_with_its_keys() {
    logger
        .atWarn()
        .addKeyValue("businessId", "clinica-sonrisa")
        .addKeyValue("failureCount", 5)
        .addKeyValue("reason", "said \"stop\"\nnow")
        .log("Circuit breaker\nopened");

    assertThat(written())
        .matches(
            "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}(Z|[+-]\\d\\d:\\d\\d)"
                + " WARN  Circuit breaker opened businessId=clinica-sonrisa failureCount=5"
                + " reason=\"said 'stop' now\"\\R");
  }

  @Test
  void an_exception_is_its_classes_and_its_place_but_never_its_message() {
    logger
        .atError()
        .setCause(new IllegalStateException("canary", new IOException("canary")))
        .log("Failed");

    assertThat(written())
        .contains(
            "ERROR Failed exception=java.lang.IllegalStateException cause=java.io.IOException"
                + " at=dev.fusible.gateway.LogSinkTest.")
        .doesNotContain("canary")
        .containsOnlyOnce(System.lineSeparator());
  }

  @Test
  void others_are_only_heard_when_they_warn() {
    context.getLogger("io.vertx.core.Something").info("idle talk");
    context.getLogger("io.vertx.core.Something").warn("trouble");
    logger.debug("details");
    logger.info("news");

    assertThat(written())
        .contains("logger=io.vertx.core.Something", "news")
        .doesNotContain("idle talk", "details");
  }

  @Test
  void a_librarys_words_are_not_repeated_since_they_may_quote_anything() {
    context
        .getLogger("io.vertx.core.Something")
        .error("invalid header: canary", new IOException("canary"));

    assertThat(written())
        .contains("ERROR A library warns logger=io.vertx.core.Something exception=")
        .doesNotContain("canary");
  }

  @Test
  void what_breaks_at_a_connection_is_no_news_of_the_gateways() {
    context
        .getLogger("io.vertx.core.net.impl.ConnectionBase")
        .error("invalid version format: canary");
    context
        .getLogger("com.zaxxer.hikari.pool.PoolBase")
        .error("fusible - Failed to validate connection (canary)");

    assertThat(written()).isEmpty();
  }

  @Test
  @Timeout(30)
  void a_blocked_stream_blocks_nobody() throws Exception {
    CountDownLatch reached = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    LogSink blocked = LogSink.open(context, blockedBy(reached, never));
    logger.warn("the line that blocks");
    assertThat(reached.await(20, TimeUnit.SECONDS)).isTrue();

    for (int i = 0; i < 20_000; i++) {
      logger.warn("a line");
    }
    blocked.flush();

    never.countDown();
  }

  private static OutputStream blockedBy(CountDownLatch reached, CountDownLatch never) {
    return new OutputStream() {
      @Override
      public void write(int b) {
        reached.countDown();
        boolean done = false;
        while (!done) {
          try {
            never.await();
            done = true;
          } catch (InterruptedException stillBlocked) {
            // As a pipe that nobody reads.
          }
        }
      }
    };
  }

  private String written() {
    sink.flush();
    return out.toString(StandardCharsets.UTF_8);
  }
}
