package dev.fusible.examples.receptionist;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A booking system that breaks on demand. A booking has its caller's id. */
final class BookingDesk implements AutoCloseable {

  final Map<String, Integer> bookings = new ConcurrentHashMap<>();
  volatile boolean books = true;
  volatile boolean answers = true;
  private final HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
  final String url = "http://127.0.0.1:" + server.getAddress().getPort();

  BookingDesk() throws IOException {
    server.createContext("/", this::serve);
    server.start();
  }

  private void serve(HttpExchange exchange) throws IOException {
    var id = exchange.getRequestURI().getPath();
    var isBooking = exchange.getRequestMethod().equals("PUT");
    if (isBooking && books) {
      bookings.merge(id, 1, Integer::sum);
    }
    if (answers || !isBooking) {
      exchange.sendResponseHeaders(bookings.containsKey(id) ? 200 : 404, -1);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
