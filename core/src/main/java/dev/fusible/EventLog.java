package dev.fusible;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * The one place that logs. What it writes is an allow-list: ids, states, counts, codes, exception
 * classes. Never an exception's message, a prompt, an answer, a phone number or a key.
 */
final class EventLog implements CircuitBreakerListener {

  private static final int LONGEST_TEXT = 128;

  private static final Logger LOGGER = LoggerFactory.getLogger(VoiceCircuitBreaker.class);

  /**
   * @param upstream whose circuit it is; {@code null} for a business's
   */
  void changed(StateChange change, @Nullable String upstream) {
    LoggingEventBuilder entry =
        LOGGER
            .atLevel(change.to() == CircuitBreakerState.OPEN ? Level.WARN : Level.INFO)
            .addKeyValue("event", "state_change")
            .addKeyValue(
                upstream == null ? "businessId" : "upstream",
                upstream == null ? change.businessId() : upstream)
            .addKeyValue("from", change.from())
            .addKeyValue("to", change.to())
            .addKeyValue("reason", loggable(change.reason()))
            .addKeyValue("failureCount", change.failureCount());
    if (change.lastErrorCode() != null) {
      entry = entry.addKeyValue("lastError", loggable(change.lastErrorCode()));
    }
    entry.log(
        switch (change.to()) {
          case OPEN -> "Circuit breaker opened";
          case HALF_OPEN -> "Circuit breaker half-open";
          case CLOSED -> "Circuit breaker closed";
        });
  }

  @Override
  public void onStoreDegraded(StoreEvent event) {
    if (event.degraded()) {
      LOGGER
          .atWarn()
          .addKeyValue("event", "store_degraded")
          .addKeyValue("errorCode", event.errorCode())
          .log("Store does not answer; circuits go on from memory");
    } else {
      LOGGER.atInfo().addKeyValue("event", "store_recovered").log("Store answers again");
    }
  }

  void listenerFailed(Throwable failure) {
    LOGGER
        .atWarn()
        .addKeyValue("event", "listener_failed")
        .addKeyValue("exception", failure.getClass().getName())
        .log("A listener threw; the others were called");
  }

  /**
   * An operator's text, or a code in a row, may be anything: it is logged if short and printable.
   */
  private static String loggable(String text) {
    return text.length() <= LONGEST_TEXT && isPrintable(text) ? text : "(not logged)";
  }

  private static boolean isPrintable(String text) {
    int codePoint;
    for (int i = 0; i < text.length(); i += Character.charCount(codePoint)) {
      codePoint = text.codePointAt(i);
      if (!isPrintable(codePoint)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isPrintable(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.PRIVATE_USE,
          Character.SURROGATE,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }
}
