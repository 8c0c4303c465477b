package dev.fusible.gateway;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.StackTraceElementProxy;
import ch.qos.logback.core.LayoutBase;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import org.slf4j.event.KeyValuePair;

/**
 * An event as one line: when, how bad, what, and its keys. Of an exception it says the classes and
 * where it was thrown, never a message, which can hold what a caller said.
 */
final class LogLine extends LayoutBase<ILoggingEvent> {

  private static final DateTimeFormatter WHEN =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSXXX");
  private static final int MOST_CAUSES = 5;
  private static final String OURS = "dev.fusible.";

  @Override
  public String doLayout(ILoggingEvent event) {
    StringBuilder line = new StringBuilder(200);
    line.append(
        WHEN.format(Instant.ofEpochMilli(event.getTimeStamp()).atZone(ZoneId.systemDefault())));
    line.append(String.format(" %-5s ", event.getLevel()));
    if (event.getLoggerName().startsWith(OURS)) {
      line.append(event.getFormattedMessage());
    } else {
      line.append("A library warns");
      append(line, "logger", event.getLoggerName());
    }
    List<KeyValuePair> pairs = event.getKeyValuePairs();
    for (KeyValuePair pair : pairs == null ? List.<KeyValuePair>of() : pairs) {
      append(line, pair.key, String.valueOf(pair.value));
    }
    if (event.getThrowableProxy() != null) {
      append(line, event.getThrowableProxy());
    }
    return line.toString().replaceAll("\\p{Cntrl}", " ") + System.lineSeparator();
  }

  private static void append(StringBuilder line, String key, String value) {
    boolean plain = !value.isEmpty() && value.chars().noneMatch(c -> c <= ' ' || c == '"');
    line.append(' ').append(key).append('=');
    line.append(plain ? value : '"' + value.replace("\"", "'") + '"');
  }

  private static void append(StringBuilder line, IThrowableProxy thrown) {
    append(line, "exception", thrown.getClassName());
    IThrowableProxy innermost = thrown;
    for (int i = 0; i < MOST_CAUSES && innermost.getCause() != null; i++) {
      innermost = innermost.getCause();
      append(line, "cause", innermost.getClassName());
    }
    StackTraceElementProxy[] frames = innermost.getStackTraceElementProxyArray();
    if (frames != null && frames.length > 0) {
      append(line, "at", frames[0].getStackTraceElement().toString());
    }
  }
}
