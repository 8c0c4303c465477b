package dev.fusible;

import dev.fusible.WriteResult.Written;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;

/**
 * A random history of operations, drawn from a seed, and what a store answers to it. Ages are left
 * out of the answers, since clocks differ; leases either last for ever or have run out at once.
 */
final class StoreHistories {

  private static final List<String> BUSINESSES = List.of("a", "b", "c", "upstream:x");

  private final SplittableRandom random;
  private final CircuitBreakerStore store;
  private final String prefix;
  private final List<String> answers = new ArrayList<>();
  private final Map<String, Long> versions = new TreeMap<>();
  private final Map<String, Long> followed = new TreeMap<>();
  private long cursor;
  private long writes;

  private StoreHistories(long seed, CircuitBreakerStore store) {
    this.random = new SplittableRandom(seed);
    this.store = store;
    this.prefix = "h" + seed + ".";
  }

  /** The answers to a history of so many operations, on businesses that no other seed touches. */
  static List<String> answers(long seed, int operations, CircuitBreakerStore store) {
    StoreHistories history = new StoreHistories(seed, store);
    history.cursor = join(store.changedSince(-1, 1)).cursor();
    for (int i = 0; i < operations; i++) {
      history.operate();
    }
    return history.answers;
  }

  private static <T> T join(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  private void operate() {
    String business = business(BUSINESSES.get(random.nextInt(BUSINESSES.size())));
    switch (random.nextInt(12)) {
      case 0 -> row(join(store.getState(business)));
      case 1 -> many();
      case 2 -> follow();
      case 3, 4, 5 -> claim(business);
      default -> set(business);
    }
  }

  private String business(String name) {
    int colon = name.indexOf(':');
    return colon < 0
        ? prefix + name
        : name.substring(0, colon + 1) + prefix + name.substring(colon + 1);
  }

  private void many() {
    List<String> all = BUSINESSES.stream().map(this::business).toList();
    new TreeMap<>(join(store.getStates(all))).values().forEach(this::row);
  }

  /** Reads pages until there are no more, as instances do: in what order rows come is open. */
  private void follow() {
    int limit = 1 + random.nextInt(5);
    Map<String, CircuitBreakerStoreState> changed = new TreeMap<>();
    Page page;
    do {
      page = join(store.changedSince(cursor, limit));
      cursor = page.cursor();
      page.states().forEach(row -> changed.put(row.businessId(), row));
    } while (page.states().size() >= limit);
    answers.add("changed");
    for (CircuitBreakerStoreState row : changed.values()) {
      Long known = followed.put(row.businessId(), row.version());
      if (known == null || known != row.version()) {
        row(row);
      }
    }
  }

  /** Mostly what the writer has seen last, sometimes an older version, or one yet to come. */
  private long version(String business) {
    long known = versions.getOrDefault(business, 0L);
    return switch (random.nextInt(8)) {
      case 0 -> Math.max(0, known - 1);
      case 1 -> known + 1;
      default -> known;
    };
  }

  private Duration lease() {
    return random.nextBoolean() ? Duration.ZERO : Duration.ofHours(1);
  }

  private void claim(String business) {
    long version = version(business);
    Duration lease = lease();
    result("claim", join(store.claimTrial(business, version, "claim:" + writes++, lease)));
  }

  private void set(String business) {
    CircuitBreakerState state = CircuitBreakerState.values()[random.nextInt(3)];
    boolean leased = state == CircuitBreakerState.HALF_OPEN && random.nextBoolean();
    boolean changed = random.nextBoolean();
    CircuitBreakerStoreState row =
        new CircuitBreakerStoreState(
            business,
            state,
            random.nextInt(100),
            random.nextInt(100),
            random.nextInt(1_000),
            version(business),
            state == CircuitBreakerState.OPEN ? Duration.ofSeconds(random.nextInt(60)) : null,
            random.nextInt(10),
            changed ? Instant.ofEpochSecond(random.nextInt(1_000_000)) : null,
            random.nextBoolean() ? "SocketTimeoutException" : null,
            Hold.values()[random.nextInt(3)],
            leased ? "trial:" + writes : null,
            leased ? lease() : Duration.ZERO,
            "write:" + writes++);
    result("set", join(store.setState(business, row)));
  }

  private void result(String operation, WriteResult result) {
    if (result instanceof Written written) {
      answers.add(operation + " written");
      row(written.state());
    } else if (result instanceof WriteResult.Stale stale) {
      answers.add(operation + " stale");
      row(stale.current());
    }
  }

  private void row(CircuitBreakerStoreState row) {
    versions.put(row.businessId(), row.version());
    boolean byClaim = row.writeId().startsWith("claim:");
    answers.add(
        String.join(
            " ",
            row.businessId(),
            row.state().name(),
            "failures=" + row.failureCount(),
            "requests=" + row.requestCount(),
            "generation=" + row.generation(),
            "version=" + row.version(),
            "opened=" + (row.openedFor() != null),
            "trials=" + row.failedTrials(),
            "changed=" + (byClaim ? "now" : row.lastStateChange()),
            "error=" + row.lastErrorCode(),
            "hold=" + row.hold(),
            "token=" + row.trialToken(),
            "leased=" + !row.trialRemaining().isZero(),
            "by=" + row.writeId()));
  }
}
