package dev.fusible.bench;

import dev.fusible.CircuitBreakerConfig;
import dev.fusible.CircuitBreakerStore;
import dev.fusible.FallbackResponse;
import dev.fusible.VoiceCircuitBreaker;
import dev.fusible.VoiceCircuitBreakers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * How cost grows: {@code Curves <directory>} measures, fits an exponent to each curve, and draws
 * them. An exponent of 0 is a cost that does not grow.
 */
final class Curves {

  private static final Operation<String> ANSWERING = new Operation.Answering<>("answer");
  private static final CircuitBreakerConfig UNLIMITED =
      CircuitBreakerConfig.builder().timeout(Duration.ZERO).build();

  private Curves() {}

  public static void main(String[] arguments) throws IOException, InterruptedException {
    Path directory = Files.createDirectories(Path.of(arguments[0]));
    int feature = Runtime.version().feature();
    StringBuilder csv = new StringBuilder("java,curve,line,at,value\n");
    List<Plot.Line> circuits = List.of(callsAmong(), heapOf());
    draw(
        directory,
        csv,
        "circuits",
        new Plot(
            "Cost against the number of circuits, Java " + feature,
            "circuits",
            "ns a call, bytes a circuit",
            circuits),
        circuits);
    List<Plot.Line> flights = List.of(inFlight(Pools.virtual()));
    draw(
        directory,
        csv,
        "in-flight",
        new Plot(
            "Cost of a limited call against calls in flight, Java " + feature,
            "calls in flight",
            "ns a call, start to end",
            flights),
        flights);
    List<Plot.Line> instances = instances();
    draw(
        directory,
        csv,
        "instances",
        new Plot(
            "Cost against instances that share a store, Java " + feature,
            "instances",
            "ns a call, store queries in 5 s",
            instances),
        instances);
    Files.writeString(directory.resolve("curves-" + feature + ".csv"), csv);
    System.exit(0);
  }

  private static void draw(
      Path directory, StringBuilder csv, String name, Plot plot, List<Plot.Line> lines)
      throws IOException {
    int feature = Runtime.version().feature();
    Files.writeString(directory.resolve(name + "-" + feature + ".svg"), plot.svg());
    for (Plot.Line line : lines) {
      System.out.printf(
          Locale.ROOT, "| %s | %s | exponent %.2f |", name, line.name(), line.exponent());
      for (double[] point : line.points()) {
        System.out.printf(Locale.ROOT, " %,.0f: %,.1f |", point[0], point[1]);
        csv.append(
            String.format(
                Locale.ROOT,
                "%d,%s,%s,%.0f,%.3f%n",
                feature,
                name,
                line.name(),
                point[0],
                point[1]));
      }
      System.out.println();
    }
  }

  private static VoiceCircuitBreakers breakers(CircuitBreakerStore store) {
    return VoiceCircuitBreakers.builder()
        .store(store)
        .maxCircuits(2_000_000)
        .config(UNLIMITED)
        .build();
  }

  private static Plot.Line callsAmong() {
    List<double[]> points = new ArrayList<>();
    for (int circuits = 100; circuits <= 1_000_000; circuits *= 10) {
      VoiceCircuitBreakers breakers = breakers(CircuitBreakerStore.inMemory());
      List<String> ids = new ArrayList<>();
      for (int i = 0; i < circuits; i++) {
        ids.add("business-" + i);
        String unused =
            breakers.forBusiness("business-" + i).execute(ANSWERING, FallbackResponse::text);
      }
      Collections.shuffle(ids, new Random(1));
      points.add(new double[] {circuits, nanosOfACall(breakers, ids)});
      breakers.close();
    }
    return new Plot.Line("look-up and call, ns", points);
  }

  private static double nanosOfACall(VoiceCircuitBreakers breakers, List<String> ids) {
    double best = Double.MAX_VALUE;
    int calls = 1_000_000;
    int next = 0;
    for (int round = 0; round < 7; round++) {
      long start = System.nanoTime();
      for (int i = 0; i < calls; i++) {
        next = next + 1 < ids.size() ? next + 1 : 0;
        String unused =
            breakers.forBusiness(ids.get(next)).execute(ANSWERING, FallbackResponse::text);
      }
      best = Math.min(best, (double) (System.nanoTime() - start) / calls);
    }
    return best;
  }

  private static Plot.Line heapOf() {
    List<double[]> points = new ArrayList<>();
    for (int circuits = 1_000; circuits <= 1_000_000; circuits *= 10) {
      String[] ids = new String[circuits];
      Arrays.setAll(ids, i -> "business-" + i);
      VoiceCircuitBreakers breakers = breakers(CircuitBreakerStore.inMemory());
      long before = Heap.used();
      for (String id : ids) {
        String unused = breakers.forBusiness(id).execute(ANSWERING, FallbackResponse::text);
      }
      points.add(new double[] {circuits, (double) (Heap.used() - before) / circuits});
      breakers.close();
    }
    return new Plot.Line("heap of a circuit, bytes", points);
  }

  /** So many synchronous calls at once, each on a thread of its own and with the limit. */
  private static Plot.Line inFlight(ExecutorService callers) throws InterruptedException {
    // Before 21 a caller is a thread of the machine's, and 100,000 of them are too many.
    int most = Runtime.version().feature() >= 21 ? 100_000 : 1_000;
    List<double[]> points = new ArrayList<>();
    VoiceCircuitBreakers breakers = VoiceCircuitBreakers.builder().build();
    VoiceCircuitBreaker breaker = breakers.forBusiness("clinica-sonrisa");
    for (int calls = 10; calls <= most; calls *= 10) {
      int rounds = Math.max(5, 20_000 / calls);
      double best = Double.MAX_VALUE;
      for (int round = 0; round < rounds; round++) {
        best = Math.min(best, together(callers, breaker, calls));
      }
      points.add(new double[] {calls, best});
    }
    breakers.close();
    return new Plot.Line("limited call on a thread of its own, ns", points);
  }

  private static double together(ExecutorService callers, VoiceCircuitBreaker breaker, int calls)
      throws InterruptedException {
    CountDownLatch running = new CountDownLatch(calls);
    CountDownLatch go = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(calls);
    long start = System.nanoTime();
    for (int i = 0; i < calls; i++) {
      callers.execute(
          () -> {
            String unused =
                breaker.execute(
                    () -> {
                      running.countDown();
                      go.await();
                      return "answer";
                    },
                    FallbackResponse::text);
            ended.countDown();
          });
    }
    running.await();
    go.countDown();
    ended.await();
    return (double) (System.nanoTime() - start) / calls;
  }

  private static List<Plot.Line> instances() {
    List<double[]> nanos = new ArrayList<>();
    List<double[]> queries = new ArrayList<>();
    for (int instances = 1; instances <= 64; instances *= 4) {
      CountingStore store = new CountingStore(CircuitBreakerStore.inMemory());
      List<VoiceCircuitBreakers> all = new ArrayList<>();
      List<String> ids = List.of("clinica-sonrisa", "taqueria-don-pepe", "austin-plumbing");
      for (int i = 0; i < instances; i++) {
        VoiceCircuitBreakers breakers = breakers(store);
        all.add(breakers);
        for (String id : ids) {
          String unused = breakers.forBusiness(id).execute(ANSWERING, FallbackResponse::text);
        }
      }
      LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
      int before = store.queries();
      LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(10));
      queries.add(new double[] {instances, (store.queries() - before) / 2.0});
      nanos.add(new double[] {instances, nanosOfACall(all.get(0), ids)});
      all.forEach(VoiceCircuitBreakers::close);
    }
    return List.of(
        new Plot.Line("look-up and call, ns", nanos),
        new Plot.Line("queries of all instances in 5 s", queries));
  }
}
