package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A store that blocks the thread that calls it, although none may: on the worker's own thread. */
class StoreWorkerTest {

  /** Blocks in every operation while it is told to; counts them when they begin. */
  private static final class BlockingStore implements CircuitBreakerStore {

    private final CircuitBreakerStore delegate;
    private final AtomicInteger begun = new AtomicInteger();
    private final AtomicInteger interrupted = new AtomicInteger();
    private volatile boolean blocks;
    private volatile boolean deaf;
    private volatile CountDownLatch unblocked = new CountDownLatch(1);

    BlockingStore(CircuitBreakerStore delegate) {
      this.delegate = delegate;
    }

    void unblock() {
      blocks = false;
      unblocked.countDown();
    }

    private void enter() {
      begun.incrementAndGet();
      while (blocks && unblocked.getCount() > 0) {
        try {
          unblocked.await();
        } catch (InterruptedException stopped) {
          interrupted.incrementAndGet();
          if (!deaf) {
            throw new StoreException("interrupted", null);
          }
        }
      }
    }

    @Override
    public CompletionStage<CircuitBreakerStoreState> getState(String businessId) {
      enter();
      return delegate.getState(businessId);
    }

    @Override
    public CompletionStage<WriteResult> setState(
        String businessId, CircuitBreakerStoreState state) {
      enter();
      return delegate.setState(businessId, state);
    }

    @Override
    public CompletionStage<Map<String, CircuitBreakerStoreState>> getStates(
        Collection<String> businessIds) {
      enter();
      return delegate.getStates(businessIds);
    }

    @Override
    public CompletionStage<WriteResult> claimTrial(
        String businessId, long version, String token, Duration lease) {
      enter();
      return delegate.claimTrial(businessId, version, token, lease);
    }

    @Override
    public CompletionStage<Page> changedSince(long cursor, int limit) {
      enter();
      return delegate.changedSince(cursor, limit);
    }

    @Override
    public void close() {}
  }

  private final ManualTime time = new ManualTime();
  private final CircuitBreakerStore rows = CircuitBreakerStore.inMemory(time);
  private final BlockingStore store = new BlockingStore(rows);
  private final Heard heard = new Heard();
  private final VoiceCircuitBreakers breakers =
      VoiceCircuitBreakers.builder().timeSource(time).store(store).listener(heard).build();
  private final VoiceCircuitBreaker breaker = breakers.forBusiness("b");

  @AfterEach
  void close() {
    store.unblock();
    breakers.close();
    await()
        .until(
            () ->
                Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(thread -> thread.getName().startsWith("fusible-store")));
  }

  private void block() {
    await().until(() -> breakers.circuit("b").machine().persisted() != null);
    store.blocks = true;
  }

  private void fail(int times) {
    for (int i = 0; i < times; i++) {
      breaker.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    }
  }

  private CircuitBreakerState stored() {
    return rows.getState("b").toCompletableFuture().join().state();
  }

  /** Time goes on until something is so: timers are manual, the worker's thread is not. */
  private void passUntil(String word) {
    await()
        .until(
            () -> {
              time.advance(Duration.ofMillis(500));
              return heard.all.contains(word);
            });
  }

  @Test
  void calls_go_on_and_it_is_announced_within_two_seconds() {
    block();
    int before = store.begun.get();
    fail(10);
    await().until(() -> store.begun.get() > before);

    time.advance(Duration.ofSeconds(2));

    await().until(() -> heard.all.contains("degraded"));
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.OPEN);
    time.advance(Duration.ofSeconds(28));
    assertThat(breaker.execute(() -> "the trial").isFallback()).isFalse();
  }

  @Test
  void what_blocks_is_interrupted_and_the_store_recovers() {
    block();
    int before = store.begun.get();
    fail(10);
    await().until(() -> store.begun.get() > before);
    time.advance(Duration.ofSeconds(2));
    await().until(() -> store.interrupted.get() == 1);
    store.unblock();

    passUntil("recovered");

    await().until(() -> stored() == CircuitBreakerState.OPEN);
  }

  @Test
  void what_waited_behind_a_blocked_operation_never_begins_when_it_has_been_given_up() {
    store.deaf = true;
    block();
    int before = store.begun.get();
    fail(10);
    await().until(() -> store.begun.get() > before);
    for (int i = 0; i < 100; i++) {
      VoiceCircuitBreaker other = breakers.forBusiness("other" + i);
      other.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    }
    time.advance(Duration.ofMinutes(5));
    int begun = store.begun.get();
    assertThat(begun).as("the worker is blocked").isEqualTo(before + 1);

    store.unblock();
    passUntil("recovered");

    await().until(() -> stored() == CircuitBreakerState.OPEN);
  }

  @Test
  void nothing_piles_up_behind_a_worker_that_is_blocked_for_good() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    var worker = (java.util.concurrent.ThreadPoolExecutor) Threads.storeWorker();
    worker.execute(
        () -> {
          boolean blocked = true;
          while (blocked) {
            try {
              never.await();
              blocked = false;
            } catch (InterruptedException deaf) {
              // Goes on.
            }
          }
        });
    StoreOperations operations = new StoreOperations(rows, time, worker);
    AtomicInteger answers = new AtomicInteger();
    for (int i = 0; i < 1_000; i++) {
      operations.ask(s -> s.changedSince(-1, 1), (page, failure) -> answers.incrementAndGet());
    }
    assertThat(worker.getQueue()).hasSizeBetween(1, 100);

    time.advance(Duration.ofSeconds(2));

    assertThat(answers).hasValue(1_000);
    assertThat(worker.getQueue()).isEmpty();
    assertThat(time.pendingTasks()).as("but for the refresh").isEqualTo(1);
    never.countDown();
    worker.shutdown();
  }

  @Test
  void a_worker_that_takes_nothing_is_a_store_that_does_not_answer() {
    await().until(() -> time.pendingTasks() == 1);
    StoreOperations operations =
        new StoreOperations(
            rows,
            time,
            task -> {
              throw new OutOfMemoryError("unable to create native thread");
            });
    AtomicInteger failures = new AtomicInteger();

    operations.ask(
        s -> s.changedSince(-1, 1),
        (page, failure) -> {
          assertThat(page).isNull();
          assertThat(failure).isInstanceOf(OutOfMemoryError.class);
          failures.incrementAndGet();
        });

    assertThat(failures).hasValue(1);
    assertThat(time.pendingTasks()).as("but for the refresh").isEqualTo(1);
  }
}
