package dev.fusible.gateway;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A TCP line to a server on this machine that can be slow, silent or cut. */
final class FaultyLine implements AutoCloseable {

  /** What becomes of what is sent. */
  enum Mode {
    PASS,
    /** It comes later. */
    SLOW,
    /** It never comes, and nobody says so. */
    SWALLOW,
    /** Each connection is reset, the present ones too. */
    RESET
  }

  private static final Duration SLOWNESS = Duration.ofMillis(1_500);

  private final ServerSocket server;
  private final int to;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private volatile Mode mode = Mode.PASS;

  FaultyLine(int to) {
    this.to = to;
    try {
      server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    run(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  void mode(Mode next) {
    mode = next;
    if (next != Mode.SLOW) {
      // What was swallowed is lost: nobody can go on with such a connection.
      sockets.forEach(FaultyLine::reset);
      sockets.clear();
    }
  }

  private static void run(Runnable task) {
    Thread thread = new Thread(task, "faulty-line");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        connect(server.accept());
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void connect(Socket client) {
    Socket upstream = new Socket();
    try {
      if (mode == Mode.RESET) {
        throw new IOException("reset");
      }
      upstream.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), to), 1_000);
      sockets.add(client);
      sockets.add(upstream);
      run(() -> pass(client, upstream));
      run(() -> pass(upstream, client));
    } catch (IOException refused) {
      reset(client);
      reset(upstream);
    }
  }

  private void pass(Socket from, Socket into) {
    byte[] bytes = new byte[16 * 1024];
    try (from;
        into) {
      InputStream in = from.getInputStream();
      OutputStream out = into.getOutputStream();
      for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
        if (mode == Mode.SLOW) {
          Thread.sleep(SLOWNESS.toMillis());
        }
        if (mode != Mode.SWALLOW) {
          out.write(bytes, 0, count);
        }
      }
    } catch (IOException ended) {
      reset(into);
    } catch (InterruptedException impossible) {
      throw new AssertionError(impossible);
    } finally {
      sockets.remove(from);
      sockets.remove(into);
    }
  }

  private static void reset(Socket socket) {
    try {
      socket.setOption(StandardSocketOptions.SO_LINGER, 0);
      socket.close();
    } catch (IOException alreadyGone) {
      return;
    }
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    mode(Mode.RESET);
  }
}
