package dev.fusible.bench;

import ch.qos.logback.core.OutputStreamAppender;
import java.io.OutputStream;

/** Lays out every line of the log and drops its bytes. */
public final class Nowhere<E> extends OutputStreamAppender<E> {

  @Override
  public void start() {
    setOutputStream(OutputStream.nullOutputStream());
    super.start();
  }
}
