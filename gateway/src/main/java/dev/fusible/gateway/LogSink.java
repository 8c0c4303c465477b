package dev.fusible.gateway;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Where the log goes: to one stream, through a bounded queue. A stream that blocks must not block a
 * call: lines are dropped then, those below WARN first. Set up here and not in a file, which takes
 * a third of a second at every start.
 */
final class LogSink {

  /**
   * The pool's complaints of a database, of which the breaker tells, and Vert.x's of broken HTTP
   * from outside, which anybody may send as often as they like.
   */
  private static final List<String> NOT_HEARD =
      List.of("com.zaxxer.hikari", "io.vertx.core.net.impl.ConnectionBase");

  private static final int QUEUED_LINES = 4_096;
  private static final int FLUSH_MILLIS = 1_000;

  private final AsyncAppender queue;

  private LogSink(AsyncAppender queue) {
    this.queue = queue;
  }

  /** Replaces what is configured in {@code context}. */
  static LogSink open(LoggerContext context, OutputStream out) {
    context.reset();

    LayoutWrappingEncoder<ILoggingEvent> encoder = new LayoutWrappingEncoder<>();
    encoder.setContext(context);
    encoder.setCharset(StandardCharsets.UTF_8);
    encoder.setLayout(new LogLine());
    encoder.start();

    OutputStreamAppender<ILoggingEvent> stream = new OutputStreamAppender<>();
    stream.setContext(context);
    stream.setName("stream");
    stream.setEncoder(encoder);
    stream.setOutputStream(new Unclosed(out));
    stream.start();

    AsyncAppender queue = new AsyncAppender();
    queue.setContext(context);
    queue.setName("queue");
    queue.setQueueSize(QUEUED_LINES);
    queue.setNeverBlock(true);
    queue.setMaxFlushTime(FLUSH_MILLIS);
    queue.addAppender(stream);
    queue.start();

    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.WARN);
    root.addAppender(queue);
    context.getLogger("dev.fusible").setLevel(Level.INFO);
    NOT_HEARD.forEach(name -> context.getLogger(name).setLevel(Level.OFF));
    return new LogSink(queue);
  }

  /**
   * Writes what is queued, for a second at most; what is logged later is lost. The stream stays
   * open.
   */
  void flush() {
    queue.stop();
  }

  /** The queue closes what is behind it when it stops; stderr has more to say. */
  private static final class Unclosed extends FilterOutputStream {

    Unclosed(OutputStream out) {
      super(out);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
    }

    @Override
    public void close() throws IOException {
      flush();
    }
  }
}
