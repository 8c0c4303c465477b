package dev.fusible;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The circuit breakers of a process, one for each business. Thread-safe. Make one and keep it: its
 * circuits share one timer, one line to the store and one registry.
 *
 * <pre>{@code
 * try (var breakers = VoiceCircuitBreakers.builder().language("es-MX").build()) {
 *   String words = breakers.forBusiness("clinica-sonrisa").execute(() -> askTheModel(), FallbackResponse::text);
 * }
 * }</pre>
 */
public final class VoiceCircuitBreakers implements AutoCloseable {

  /** The longest that {@link #close()} waits for the store, and then for listeners. */
  private static final long CLOSE_MILLIS = 2_000;

  private final CircuitContext context;
  private final CircuitRegistry registry;
  private final List<Runnable> ownThreads = new ArrayList<>();
  private volatile boolean closed;

  private VoiceCircuitBreakers(Builder builder) {
    EventDispatcher events = new EventDispatcher(builder.listeners, builder.eventDelivery);
    this.registry = new CircuitRegistry(builder.maxCircuits, id -> created(builder, id));
    this.context =
        new CircuitContext(
            builder.time,
            RoughClock.of(builder.time),
            events,
            sharing(builder, events, registry),
            builder.executor == null ? operations() : builder.executor,
            builder.claimLimit,
            new Speech(
                builder.fallbacksFor,
                builder.fallbacks,
                builder.languageFor,
                builder.language,
                builder.phoneFor),
            new LongAdder(),
            builder.upstreamFailure,
            MachineState.ofUpstream(Witnesses.none(builder.minBusinesses)),
            registry);
    context.store().start();
  }

  /** Starts from the defaults of each of the builder's methods. */
  public static Builder builder() {
    return new Builder();
  }

  private CircuitContext context() {
    return context;
  }

  private Circuit created(Builder builder, String id) {
    CircuitBreakerConfig config = CircuitId.isUpstream(id) ? builder.config : configOf(builder, id);
    return new Circuit(id, config, context());
  }

  private static CircuitBreakerConfig configOf(Builder builder, String businessId) {
    return Objects.requireNonNull(builder.configFor.apply(businessId), "configFor gave no config");
  }

  private Executor operations() {
    ExecutorService own = Threads.perTask();
    ownThreads.add(own::shutdown);
    return own;
  }

  private StateSharing sharing(Builder builder, EventDispatcher events, CircuitRegistry circuits) {
    CircuitBreakerStore store = builder.store;
    if (store == null) {
      return new StateSharing.Alone();
    }
    // Our own store in memory never blocks; any other might, so a thread stands between it and the
    // calls.
    Executor worker = builder.storeWorker;
    if (worker == null && store instanceof InMemoryCircuitBreakerStore) {
      worker = Runnable::run;
    } else if (worker == null) {
      ExecutorService own = Threads.storeWorker();
      ownThreads.add(own::shutdownNow);
      worker = own;
    }
    return new StoreSync(
        new StoreOperations(store, builder.time, worker),
        builder.time,
        events,
        circuits,
        builder.cacheTtl);
  }

  /**
   * The business's circuit breaker. Its row is read in the background; calls made before it arrives
   * run as CLOSED.
   *
   * @param businessId 1 to 128 of {@code A-Z a-z 0-9 . _ : -}
   * @throws IllegalArgumentException for any other id
   * @throws IllegalStateException after {@link #close()}
   */
  public VoiceCircuitBreaker forBusiness(String businessId) {
    checkOpen();
    return new VoiceCircuitBreaker(this, registry.ofBusiness(businessId), null);
  }

  /**
   * The business's circuit breaker for calls of {@code upstream}: they pass the upstream's circuit
   * too, which all businesses feed ({@link #forUpstream}). While that one is OPEN, they are
   * answered with the {@link FallbackType#CIRCUIT_OPEN} sentence, and the business's own circuit
   * does not change. What a call comes to counts in both, and is told to listeners once, as the
   * business's.
   *
   * @param businessId 1 to 128 of {@code A-Z a-z 0-9 . _ : -}
   * @param upstream what is called, likewise
   * @throws IllegalArgumentException for any other id or name
   * @throws IllegalStateException after {@link #close()}
   */
  public VoiceCircuitBreaker forBusiness(String businessId, String upstream) {
    checkOpen();
    Circuit own = registry.ofBusiness(businessId);
    Passage both = new TwoCircuits(own, circuit(CircuitId.ofUpstream(upstream)));
    return new VoiceCircuitBreaker(this, both, null);
  }

  /**
   * The circuit of an upstream, which all businesses' calls of it share: for its state, for
   * operators, and for calls that have no business. It opens by the rules of every circuit, but
   * only on failures of several businesses ({@link Builder#minBusinesses}), so that one business's
   * bad prompts can't open it. Its configuration is {@link Builder#config}. Its listeners hear of
   * its transitions and of calls made through this handle; calls of businesses are told as the
   * businesses' own.
   *
   * @param upstream 1 to 128 of {@code A-Z a-z 0-9 . _ : -}
   * @throws IllegalArgumentException for any other name
   * @throws IllegalStateException after {@link #close()}
   */
  public VoiceCircuitBreaker forUpstream(String upstream) {
    checkOpen();
    Circuit shared = circuit(CircuitId.ofUpstream(upstream));
    return new VoiceCircuitBreaker(this, shared, null);
  }

  /** Where operations run that would block their caller; see {@link Builder#executor}. */
  public Executor executor() {
    return context.executor();
  }

  /** How many events were dropped since listeners, or the log, could not keep up. */
  public long droppedEvents() {
    return context.events().dropped();
  }

  /**
   * How many results came after their attempt had lost its say, over all circuits, evicted ones
   * too.
   */
  public long lateResults() {
    return context.lateResults().sum();
  }

  Circuit circuit(String id) {
    return registry.circuit(id);
  }

  Circuit successor(Circuit evicted) {
    return registry.successor(evicted);
  }

  long size() {
    return registry.size();
  }

  void checkOpen() {
    if (closed) {
      throw new IllegalStateException("VoiceCircuitBreakers is closed");
    }
  }

  /**
   * Frees the leases held, writes what is not yet in the store, and delivers the last events:
   * within four seconds in all, whatever the store and the listeners do. Calls under way end as
   * they would have; new ones throw {@link IllegalStateException}. A store that was passed in stays
   * open. Closing again does nothing.
   */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    try {
      context.store().flush(registry).get(CLOSE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException unfinished) {
      // What could not be written in time is lost with the process, as it would be in a crash.
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    context.store().close();
    ownThreads.forEach(Runnable::run);
    context.events().close(CLOSE_MILLIS);
  }

  /**
   * Collects what the breakers are made with; not thread-safe. Functions and listeners must be
   * thread-safe.
   */
  public static final class Builder {

    private CircuitBreakerConfig config = CircuitBreakerConfig.defaults();
    private Function<String, CircuitBreakerConfig> configFor =
        businessId -> CircuitBreakerConfig.defaults();
    private @Nullable CircuitBreakerStore store;
    private FallbackResponses fallbacks = FallbackResponses.builtIn();
    private @Nullable Function<String, @Nullable FallbackResponses> fallbacksFor;
    private String language = "en-US";
    private @Nullable Function<String, @Nullable String> languageFor;
    private @Nullable Function<String, @Nullable String> phoneFor;
    private final List<CircuitBreakerListener> listeners = new ArrayList<>();
    private Duration cacheTtl = Duration.ofSeconds(5);
    private TimeSource time = TimeSource.system();
    private @Nullable Executor executor;
    private @Nullable Executor storeWorker;
    private @Nullable Executor eventDelivery;
    private UnaryOperator<CompletableFuture<@Nullable Attempt>> claimLimit =
        CircuitContext::limited;
    private int maxCircuits = 100_000;
    private int minBusinesses = 3;
    private Predicate<? super Throwable> upstreamFailure = error -> true;

    private Builder() {}

    /**
     * The configuration of all businesses and upstreams; default: {@link
     * CircuitBreakerConfig#defaults()}.
     */
    public Builder config(CircuitBreakerConfig configOfAll) {
      this.config = Objects.requireNonNull(configOfAll, "configOfAll");
      return configFor(businessId -> configOfAll);
    }

    /** The configuration of each business, asked for when its circuit is made. */
    public Builder configFor(Function<String, CircuitBreakerConfig> configOfBusiness) {
      this.configFor = Objects.requireNonNull(configOfBusiness, "configOfBusiness");
      return this;
    }

    /** Where states are kept; default: in memory. It stays the caller's to close. */
    public Builder store(CircuitBreakerStore stateStore) {
      this.store = Objects.requireNonNull(stateStore, "stateStore");
      return this;
    }

    /** The sentences; default: {@link FallbackResponses#builtIn()}. */
    public Builder fallbacks(FallbackResponses responses) {
      this.fallbacks = Objects.requireNonNull(responses, "responses");
      return this;
    }

    /** A business's own sentences; {@code null} for those of all. */
    public Builder fallbacksFor(Function<String, @Nullable FallbackResponses> responsesOfBusiness) {
      this.fallbacksFor = Objects.requireNonNull(responsesOfBusiness, "responsesOfBusiness");
      return this;
    }

    /**
     * The language of businesses that have none of their own, as a BCP 47 tag; default {@code
     * en-US}.
     */
    public Builder language(String tag) {
      this.language = Objects.requireNonNull(tag, "tag");
      return this;
    }

    /** A business's language, asked for at each fallback; {@code null} for the default. */
    public Builder languageFor(Function<String, @Nullable String> tagOfBusiness) {
      this.languageFor = Objects.requireNonNull(tagOfBusiness, "tagOfBusiness");
      return this;
    }

    /**
     * The number that a sentence's {@code {phone}} stands for, as it is to be spoken; {@code null}
     * if none.
     */
    public Builder phoneFor(Function<String, @Nullable String> phoneOfBusiness) {
      this.phoneFor = Objects.requireNonNull(phoneOfBusiness, "phoneOfBusiness");
      return this;
    }

    /** Adds a listener to all circuits; any number may be added. */
    public Builder listener(CircuitBreakerListener listener) {
      this.listeners.add(Objects.requireNonNull(listener, "listener"));
      return this;
    }

    /**
     * How old the picture of other instances' changes may be before it is refreshed; default 5 s.
     */
    public Builder cacheTtl(Duration ttl) {
      if (ttl.isNegative() || ttl.isZero()) {
        throw new IllegalArgumentException("cacheTtl must be longer than zero");
      }
      CircuitBreakerConfig.bounded("cacheTtl", ttl);
      this.cacheTtl = ttl;
      return this;
    }

    /** Where time comes from; default: {@link TimeSource#system()}. */
    public Builder timeSource(TimeSource source) {
      this.time = Objects.requireNonNull(source, "source");
      return this;
    }

    /**
     * Runs synchronous operations with a time limit; default: a virtual thread for each on Java 21
     * and later, a daemon thread before. It stays the caller's to shut down.
     */
    public Builder executor(Executor operations) {
      this.executor = Objects.requireNonNull(operations, "operations");
      return this;
    }

    /** For tests on one thread: where operations of the store begin. */
    Builder storeWorker(Executor worker) {
      this.storeWorker = worker;
      return this;
    }

    /** For tests on one thread: where listeners and the log hear of events. */
    Builder eventDelivery(Executor delivery) {
      this.eventDelivery = delivery;
      return this;
    }

    /** For tests on one thread: when the asynchronous caller of a claim gives it up. */
    Builder claimLimit(UnaryOperator<CompletableFuture<@Nullable Attempt>> limit) {
      this.claimLimit = limit;
      return this;
    }

    /** How many circuits are kept before idle CLOSED ones make room; default 100,000. */
    public Builder maxCircuits(int circuits) {
      if (circuits < 1) {
        throw new IllegalArgumentException("maxCircuits must be at least 1");
      }
      this.maxCircuits = circuits;
      return this;
    }

    /**
     * How many different businesses' calls must have failed, in the present run of failures, to
     * open the circuit of an upstream for all instances that share the store; default 3, from 1 to
     * 100. Where fewer have called in the last minute, as far as an instance knows, as many are
     * enough to open it for that instance alone, but not one: a business whose failures nobody
     * shares has its own circuit.
     */
    public Builder minBusinesses(int businesses) {
      if (businesses < 1 || businesses > 100) {
        throw new IllegalArgumentException("minBusinesses must be from 1 to 100");
      }
      this.minBusinesses = businesses;
      return this;
    }

    /**
     * Which failures of a business's call count for the upstream; the others, such as a key that
     * was revoked or a prompt that is too long, are the business's own, and say nothing of the
     * upstream. Default: all that {@link CircuitBreakerConfig#recordFailure} counts. A time limit
     * that passed always counts.
     */
    public Builder upstreamFailure(Predicate<? super Throwable> isUpstreams) {
      this.upstreamFailure = Objects.requireNonNull(isUpstreams, "isUpstreams");
      return this;
    }

    /** Makes the breakers. */
    public VoiceCircuitBreakers build() {
      return new VoiceCircuitBreakers(this);
    }
  }
}
