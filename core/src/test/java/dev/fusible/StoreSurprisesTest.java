package dev.fusible;

import static dev.fusible.CircuitBreakerState.CLOSED;
import static dev.fusible.CircuitBreakerState.HALF_OPEN;
import static dev.fusible.CircuitBreakerState.OPEN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.FlakyStore.Fault;
import dev.fusible.FlakyStore.Operation;
import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Orders, leases, clocks and backups that come when a circuit does not expect them. */
class StoreSurprisesTest {

  private static final Duration REFRESH = Duration.ofSeconds(5);
  private static final Duration RECOVERY = Duration.ofSeconds(30);
  private static final Duration LEASE = Duration.ofSeconds(15);

  private final ManualTime time = new ManualTime();
  private final CircuitBreakerStore store = CircuitBreakerStore.inMemory(time);
  private final List<Instance> opened = new ArrayList<>();

  @AfterEach
  void close() {
    for (Instance instance : opened) {
      instance.line.all(Fault.NONE);
      instance.close();
    }
  }

  private Instance instance(CircuitBreakerStore behind, CircuitBreakerConfig config) {
    Instance instance = new Instance(time, new FlakyStore(behind), config);
    opened.add(instance);
    return instance;
  }

  private Instance instance() {
    return instance(store, CircuitBreakerConfig.defaults());
  }

  private CircuitBreakerStoreState row() {
    return store.getState("b").toCompletableFuture().join();
  }

  @Test
  void a_first_reading_brings_a_forced_state_to_a_circuit_that_has_counted_already() {
    instance().breaker.forceClosed("known noise");
    FlakyStore slow = new FlakyStore(store);
    slow.fault(Operation.GET_MANY, Fault.HOLD);
    Instance late = new Instance(time, slow, CircuitBreakerConfig.defaults());
    opened.add(late);
    late.fail(1);

    slow.release();
    late.fail(30);

    assertThat(late.breaker.snapshot().hold()).isEqualTo(Hold.CLOSED);
    assertThat(late.state()).isEqualTo(CLOSED);
    time.advance(REFRESH);
    assertThat(row().hold()).isEqualTo(Hold.CLOSED);
  }

  @Test
  void a_circuit_that_opened_before_its_first_reading_does_not_undo_a_forced_state() {
    instance().breaker.forceClosed("known noise");
    FlakyStore slow = new FlakyStore(store);
    slow.fault(Operation.GET_MANY, Fault.HOLD);
    Instance late = new Instance(time, slow, CircuitBreakerConfig.defaults());
    opened.add(late);
    late.fail(10);
    assertThat(late.state()).isEqualTo(OPEN);

    slow.release();

    assertThat(late.state()).isEqualTo(CLOSED);
    assertThat(row().hold()).isEqualTo(Hold.CLOSED);
  }

  @Test
  void a_success_before_the_first_reading_does_not_undo_failures_that_others_count_later() {
    FlakyStore slow = new FlakyStore(store);
    slow.fault(Operation.GET_MANY, Fault.HOLD);
    Instance one = new Instance(time, slow, CircuitBreakerConfig.defaults());
    opened.add(one);
    one.succeeds();
    slow.release();

    instance().fail(4);
    time.advance(REFRESH);

    assertThat(one.failures()).isEqualTo(4);
    assertThat(row().failureCount()).isEqualTo(4);
  }

  @Test
  void a_success_after_a_failure_that_was_never_written_does_not_undo_those_that_others_count() {
    Instance one = instance();
    one.fail(1);
    one.succeeds();
    time.advance(Duration.ofMillis(600));
    one.fail(1);
    one.succeeds();
    time.advance(Duration.ofSeconds(1));
    assertThat(row().failureCount()).isZero();

    instance().fail(4);
    time.advance(REFRESH);

    assertThat(one.failures()).isEqualTo(4);
    assertThat(row().failureCount()).isEqualTo(4);
  }

  @Test
  void a_success_after_a_write_that_was_lost_does_not_undo_failures_that_others_count_later() {
    Instance one = instance();
    one.line.fault(Operation.SET, Fault.FAIL);
    one.fail(1);
    one.succeeds();
    one.line.all(Fault.NONE);
    time.advance(Duration.ofSeconds(10));

    instance().fail(4);
    time.advance(REFRESH);

    assertThat(one.failures()).isEqualTo(4);
  }

  @Test
  void a_lease_that_was_asked_for_counts_from_then_even_if_the_answer_is_lost() {
    Instance one = instance();
    one.fail(10);
    time.advance(RECOVERY);
    one.line.all(Fault.HANG);
    one.line.fault(Operation.CLAIM, Fault.HOLD);
    one.begin();
    time.advance(Duration.ofSeconds(2));
    assertThat(row().trialRemaining()).isEqualTo(LEASE.minusSeconds(2));

    Trial trial = one.breakers.circuit("b").machine().trial();

    assertThat(trial).isNotNull();
    assertThat(Duration.ofNanos(trial.leaseUntilNanos() - time.nanoTime()))
        .isEqualTo(row().trialRemaining());
  }

  @Test
  void a_lease_that_looks_longer_than_any_is_is_asked_for_again() {
    Instance one = instance();
    one.fail(10);
    assertThat(store.claimTrial("b", row().version(), "dead:1", Duration.ofHours(1))).isNotNull();
    time.advance(REFRESH);
    assertThat(one.state()).isEqualTo(HALF_OPEN);

    Trial elsewhere = one.breakers.circuit("b").machine().trial();

    assertThat(elsewhere).isNotNull();
    assertThat(Duration.ofNanos(elsewhere.leaseUntilNanos() - time.nanoTime())).isEqualTo(LEASE);
  }

  @Test
  void a_trial_has_its_whole_time_however_long_the_store_took_to_grant_it() {
    Instance one =
        instance(store, CircuitBreakerConfig.builder().timeout(Duration.ofMillis(400)).build());
    one.fail(10);
    time.advance(RECOVERY);
    one.line.fault(Operation.CLAIM, Fault.HOLD);
    CompletableFuture<String> operation = new CompletableFuture<>();
    CompletableFuture<ExecutionResult<String>> call =
        one.breaker.executeAsync(() -> operation).toCompletableFuture();
    time.advance(Duration.ofMillis(240));
    one.line.release();
    time.advance(Duration.ofMillis(160));
    assertThat(call.join().isFallback()).isTrue();

    time.advance(Duration.ofMillis(200));
    operation.complete("back");

    assertThat(one.state()).isEqualTo(CLOSED);
  }

  @Test
  void circuits_that_failed_in_an_outage_write_after_it_whatever_the_clock_reads() {
    FlakyStore line = new FlakyStore(store);
    TimeSource negative =
        new TimeSource() {
          @Override
          public long nanoTime() {
            return time.nanoTime() - Duration.ofDays(1_000).toNanos();
          }

          @Override
          public Instant now() {
            return time.now();
          }

          @Override
          public Cancellable schedule(Runnable task, Duration delay) {
            return time.schedule(task, delay);
          }
        };
    VoiceCircuitBreakers breakers =
        VoiceCircuitBreakers.builder()
            .timeSource(negative)
            .store(line)
            .storeWorker(Runnable::run)
            .eventDelivery(Runnable::run)
            .build();
    line.fault(Operation.SET, Fault.FAIL);
    for (String business : List.of("a", "b")) {
      breakers
          .forBusiness(business)
          .executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    }
    time.advance(Duration.ofSeconds(30));
    line.all(Fault.NONE);

    time.advance(Duration.ofSeconds(10));

    assertThat(store.getStates(List.of("a", "b")).toCompletableFuture().join().values())
        .extracting(CircuitBreakerStoreState::failureCount)
        .containsExactly(1, 1);
    breakers.close();
  }

  @Test
  void a_reading_that_failed_for_an_evicted_circuit_does_not_take_its_successors_place() {
    Instance other = instance();
    FlakyStore line = new FlakyStore(store);
    line.fault(Operation.GET_MANY, Fault.HANG);
    VoiceCircuitBreakers breakers =
        VoiceCircuitBreakers.builder()
            .timeSource(time)
            .store(line)
            .storeWorker(Runnable::run)
            .eventDelivery(Runnable::run)
            .cacheTtl(Duration.ofSeconds(1))
            .maxCircuits(1)
            .build();
    Circuit first = breakers.circuit("b");
    other.fail(1);
    other.succeeds();
    time.advance(Duration.ofSeconds(1));
    breakers.circuit("a");
    assertThat(first.machine().isEvicted()).isTrue();
    Circuit second = breakers.circuit("b");

    time.advance(Duration.ofSeconds(1));
    line.all(Fault.NONE);
    time.advance(Duration.ofSeconds(10));

    assertThat(second.machine().persisted()).isNotNull();
    breakers.close();
  }

  @Test
  void a_row_of_an_earlier_version_is_looked_at_since_a_backup_may_have_been_restored() {
    Instance one = instance();
    one.fail(1);
    one.breaker.forceOpen("maintenance");
    assertThat(row().version()).isEqualTo(2);
    CircuitBreakerStore backup = CircuitBreakerStore.inMemory(time);
    backup.getState("other-1");
    backup.getState("other-2");
    backup.getState("b");

    one.line.leadsTo(backup);
    time.advance(REFRESH);

    assertThat(one.state()).isEqualTo(CLOSED);
  }
}
