package dev.fusible;

import dev.fusible.SimulatedWorld.Kind;
import dev.fusible.StoreWeather.Mode;
import dev.fusible.WriteResult.Stale;
import dev.fusible.WriteResult.Written;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * One incarnation's connections to the store. Requests and answers take time, overtake each other,
 * get lost, wait for locks; a request goes on when its sender has died.
 */
final class StoreLine implements CircuitBreakerStore {

  private static final long PATIENCE = 2 * SimulatedWorld.SECOND;

  private final Simulation simulation;
  private final SimulatedWorld world;
  private final SimulatedStore store;
  private final StoreWeather weather;
  private final SimulationPlan plan;
  private final SimulatedInstance instance;
  private final Sightings sightings;
  private final int incarnation;
  private final Map<String, CircuitWatch> watches;
  private final Set<String> lostAcknowledgements = new HashSet<>();
  private boolean atOnce;
  private long troubledUntil = Long.MIN_VALUE / 2;
  private int underWay;
  private long requests;
  private @Nullable Runnable told;

  StoreLine(Simulation simulation, SimulatedInstance instance, Map<String, CircuitWatch> watches) {
    this.simulation = simulation;
    this.world = simulation.world();
    this.store = simulation.store();
    this.weather = simulation.weather();
    this.plan = simulation.plan();
    this.sightings = simulation.sightings();
    this.instance = instance;
    this.incarnation = instance.incarnation();
    this.watches = watches;
  }

  /** The incarnation's watch, also when another has taken its place. */
  CircuitWatch watchOf(String business) {
    return Objects.requireNonNull(watches.get(business));
  }

  private CircuitWatch watch(String business) {
    return instance.watch(business);
  }

  SimulatedInstance instance() {
    return instance;
  }

  /** Until when something was wrong between this instance and the store. */
  long troubledUntil() {
    return troubledUntil;
  }

  /** How many requests were made. */
  long requests() {
    return requests;
  }

  int underWay() {
    return underWay;
  }

  /** From now on the store answers before the request returns: for an instance that closes. */
  void answerAtOnce() {
    atOnce = true;
  }

  /** What went wrong is over when the instance gives the request up, at the latest. */
  private void troubled() {
    troubledUntil = Math.max(troubledUntil, world.now() + PATIENCE);
  }

  @Override
  public CompletionStage<CircuitBreakerStoreState> getState(String business) {
    return send(business, null, computedAt -> store.getState(business));
  }

  @Override
  public CompletionStage<WriteResult> setState(String business, CircuitBreakerStoreState state) {
    watch(business).writes(state);
    if (simulation.plan().notices() && world.chance(0.1)) {
      simulation.tellOfChange();
      sightings.saw(Sightings.Sight.NOTICE_BEFORE_ITS_ROW);
    }
    return send(
        business,
        state.writeId(),
        computedAt -> {
          WriteResult result = store.setState(business, state, computedAt, this);
          if (result instanceof Stale stale) {
            sightings.saw(Sightings.Sight.LOST_COMPARE_AND_SET);
            recognised(stale.current().writeId());
          }
          return result;
        });
  }

  @Override
  public CompletionStage<Map<String, CircuitBreakerStoreState>> getStates(
      Collection<String> businesses) {
    return send(
        null,
        null,
        computedAt -> {
          Map<String, CircuitBreakerStoreState> rows = store.getStates(List.copyOf(businesses));
          rows.values().forEach(row -> recognised(row.writeId()));
          return rows;
        });
  }

  private void recognised(String writeId) {
    if (lostAcknowledgements.remove(writeId)) {
      sightings.saw(Sightings.Sight.LOST_ACKNOWLEDGEMENT_RECOGNISED);
    }
  }

  @Override
  public CompletionStage<WriteResult> claimTrial(
      String business, long version, String token, Duration lease) {
    watch(business).claims();
    return send(
        business,
        token,
        computedAt -> store.claimTrial(business, version, token, lease, computedAt, this));
  }

  @Override
  public CompletionStage<Page> changedSince(long cursor, int limit) {
    return send(
        null,
        null,
        computedAt -> {
          Page page = store.changedSince(cursor, limit);
          page.states().forEach(row -> recognised(row.writeId()));
          return page;
        });
  }

  @Override
  public Cancellable onChange(Runnable listener) {
    told = listener;
    return () -> told = null;
  }

  /** A notice goes out: it may come late, twice, after a later one, or never. */
  void tell() {
    if (told == null || world.chance(0.2)) {
      sightings.saw(Sightings.Sight.LOST_NOTICE);
      return;
    }
    int copies = world.chance(0.1) ? 2 : 1;
    for (int i = 0; i < copies; i++) {
      long delay = world.chance(0.8) ? latency() : world.between(0, 3 * SimulatedWorld.SECOND);
      answerLater(delay);
    }
  }

  private void answerLater(long delay) {
    world.after(
        delay,
        Kind.ANSWER,
        instance,
        null,
        () -> {
          Runnable listener = told;
          if (listener != null) {
            listener.run();
          }
        });
  }

  @Override
  public void close() {}

  /** One request on its way: {@code work} is told what time a write computes with. */
  private final class Request<T> {

    private final @Nullable String business;
    private final @Nullable String writeId;
    private final LongFunction<T> work;
    private final CompletableFuture<T> answer = new CompletableFuture<>();
    private final long sentAt = world.now();
    private boolean answerIsLost;

    Request(@Nullable String business, @Nullable String writeId, LongFunction<T> work) {
      this.business = business;
      this.writeId = writeId;
      this.work = work;
    }

    void send() {
      Mode mode = weather.modeFor(instance);
      if (mode != Mode.FINE) {
        troubled();
      }
      switch (mode) {
        case FINE, READ_ONLY -> travel(latency());
        case SLOW -> travel(world.between(500, 4_000) * SimulatedWorld.MILLISECOND);
        case REFUSING -> fail(latency(), "unreachable");
        case FROZEN -> {
          if (world.chance(0.5)) {
            travel(weather.endsFor(instance) - world.now() + latency());
          }
        }
        case LOSSY -> {
          if (world.chance(0.25)) {
            loseRequest();
          } else {
            answerIsLost = world.chance(0.35);
            travel(latency());
          }
        }
      }
    }

    private void loseRequest() {
      if (world.chance(0.5)) {
        fail(latency(), "connection_lost");
      }
    }

    private void travel(long delay) {
      world.after(delay, Kind.REQUEST, null, business, () -> arrive(store.clock()));
    }

    private void arrive(long computedAt) {
      Mode mode = weather.modeFor(instance);
      if (mode == Mode.REFUSING || (mode == Mode.READ_ONLY && writeId != null)) {
        fail(latency(), mode == Mode.REFUSING ? "connection_lost" : "read_only");
        return;
      }
      if (mode == Mode.FROZEN) {
        troubled();
        travel(weather.endsFor(instance) - world.now() + latency());
        return;
      }
      long locked = business == null || writeId == null ? 0 : weather.lockedUntil(business);
      if (locked > world.now()) {
        troubled();
        if (plan.lockTimeout()) {
          fail(200 * SimulatedWorld.MILLISECOND, StoreException.ofRow("row_locked", null));
        } else {
          sightings.saw(Sightings.Sight.WAITED_FOR_A_ROW_LOCK);
          world.after(
              locked - world.now(), Kind.REQUEST, null, business, () -> execute(computedAt));
        }
        return;
      }
      execute(computedAt);
    }

    private void execute(long computedAt) {
      T result;
      try {
        result = work.apply(computedAt);
      } catch (StoreException refused) {
        fail(latency(), refused);
        return;
      }
      if (answerIsLost) {
        if (writeId != null && (result instanceof Written)) {
          lostAcknowledgements.add(writeId);
        }
        if (world.chance(0.5)) {
          fail(latency(), "connection_lost");
        }
        return;
      }
      long back = latency();
      if (weather.modeFor(instance) == Mode.SLOW) {
        back = world.between(0, 1_500) * SimulatedWorld.MILLISECOND;
        troubled();
      }
      answerAfter(back, () -> answered(result));
    }

    /** Who asked may have died meanwhile. */
    private void answerAfter(long delay, Runnable arrival) {
      if (instance.isUp() && instance.incarnation() == incarnation) {
        world.after(delay, Kind.ANSWER, instance, business, arrival);
      }
    }

    private void answered(T result) {
      rowsOf(result).forEach(row -> watch(row.businessId()).answered(row));
      boolean awaited = world.now() < sentAt + PATIENCE;
      if (result instanceof Written && business != null && awaited) {
        watch(business).acknowledged();
      }
      underWay--;
      answer.complete(result);
    }

    private void fail(long delay, String code) {
      fail(delay, new StoreException(code, null));
    }

    private void fail(long delay, StoreException failure) {
      troubled();
      answerAfter(
          delay,
          () -> {
            troubled();
            underWay--;
            answer.completeExceptionally(failure);
          });
    }
  }

  private <T> CompletionStage<T> send(
      @Nullable String business, @Nullable String writeId, LongFunction<T> work) {
    requests++;
    if (atOnce) {
      return answeredAtOnce(work);
    }
    Request<T> request = new Request<>(business, writeId, work);
    underWay++;
    request.send();
    return request.answer;
  }

  private <T> CompletionStage<T> answeredAtOnce(LongFunction<T> work) {
    Mode mode = weather.modeFor(instance);
    if (mode != Mode.FINE && mode != Mode.SLOW) {
      return CompletableFuture.failedStage(new StoreException("unreachable", null));
    }
    try {
      T result = work.apply(store.clock());
      rowsOf(result).forEach(row -> watch(row.businessId()).answered(row));
      return CompletableFuture.completedStage(result);
    } catch (StoreException refused) {
      return CompletableFuture.failedStage(refused);
    }
  }

  private static Collection<CircuitBreakerStoreState> rowsOf(Object result) {
    if (result instanceof Written written) {
      return List.of(written.state());
    }
    if (result instanceof Stale stale) {
      return List.of(stale.current());
    }
    if (result instanceof Page page) {
      return page.states();
    }
    if (result instanceof Map<?, ?> rows) {
      return rows.values().stream().map(CircuitBreakerStoreState.class::cast).toList();
    }
    return List.of((CircuitBreakerStoreState) result);
  }

  private long latency() {
    return world.between(plan.leastLatency(), plan.mostLatency());
  }
}
