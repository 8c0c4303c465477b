package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusible.FlakyStore.Fault;
import dev.fusible.FlakyStore.Operation;
import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The bound of the registry, and what eviction may not change. */
class CircuitRegistryTest {

  private final ManualTime time = new ManualTime();

  private VoiceCircuitBreakers.Builder builder() {
    return VoiceCircuitBreakers.builder().timeSource(time).executor(Runnable::run);
  }

  private static void fail(VoiceCircuitBreaker breaker, int times) {
    for (int i = 0; i < times; i++) {
      breaker.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    }
  }

  private static Attempt admitted(Circuit circuit) {
    return ((Admitted.Now) circuit.admit()).attempt();
  }

  /** Evicts a circuit although an attempt of it runs, as a race may: it is counted too late. */
  private static void evictInFlight(Circuit circuit) {
    circuit.takeBack();
    assertThat(circuit.evict()).isTrue();
    int unused = circuit.start();
  }

  @Test
  void idle_closed_circuits_make_room() {
    VoiceCircuitBreakers breakers = builder().maxCircuits(100).build();
    for (int i = 0; i < 10_000; i++) {
      breakers.forBusiness("b" + i);
    }

    assertThat(breakers.size()).isLessThanOrEqualTo(100);
  }

  @Test
  void where_nothing_can_be_evicted_the_bound_is_exceeded() {
    VoiceCircuitBreakers breakers = builder().maxCircuits(10).build();
    for (int i = 0; i < 50; i++) {
      breakers.forBusiness("b" + i).forceOpen("x");
    }

    assertThat(breakers.size()).isEqualTo(50);
  }

  @Test
  void what_is_open_failing_forced_listened_to_or_running_stays() {
    VoiceCircuitBreakers breakers = builder().build();
    fail(breakers.forBusiness("open"), 10);
    fail(breakers.forBusiness("failing"), 1);
    breakers.forBusiness("forced").forceClosed("x");
    breakers.forBusiness("heard").addListener(new Heard());
    breakers.forBusiness("running").executeAsync(CompletableFuture::new);
    breakers.forBusiness("idle");

    assertThat(breakers.circuit("open").evict()).isFalse();
    assertThat(breakers.circuit("failing").evict()).isFalse();
    assertThat(breakers.circuit("forced").evict()).isFalse();
    assertThat(breakers.circuit("heard").evict()).isFalse();
    assertThat(breakers.circuit("running").evict()).isFalse();
    assertThat(breakers.circuit("idle").evict()).isTrue();
    assertThat(breakers.circuit("idle").machine().isEvicted()).as("another one").isFalse();
  }

  @Test
  void what_the_store_does_not_know_yet_stays() {
    FlakyStore line = new FlakyStore(CircuitBreakerStore.inMemory(time));
    line.fault(Operation.GET_MANY, Fault.HOLD);
    VoiceCircuitBreakers breakers = builder().store(line).storeWorker(Runnable::run).build();
    Circuit circuit = breakers.circuit("b");
    assertThat(circuit.evict()).as("unread").isFalse();
    line.release();
    line.fault(Operation.SET, Fault.LOSE_ANSWER);

    fail(breakers.forBusiness("b"), 1);
    breakers.forBusiness("b").executeAsync(() -> CompletableFuture.completedFuture("ok"));

    assertThat(circuit.machine().failureCount()).isZero();
    assertThat(circuit.evict()).as("the store may hold a failure").isFalse();
  }

  @Test
  void a_handle_survives_the_eviction_of_its_circuit() {
    VoiceCircuitBreakers breakers = builder().build();
    VoiceCircuitBreaker handle = breakers.forBusiness("b");
    Circuit first = breakers.circuit("b");
    assertThat(first.evict()).isTrue();

    fail(handle, 10);

    assertThat(handle.state()).isEqualTo(CircuitBreakerState.OPEN);
    assertThat(breakers.forBusiness("b").state()).isEqualTo(CircuitBreakerState.OPEN);
    assertThat(first.machine().isEvicted()).isTrue();
  }

  @Test
  void a_call_that_holds_an_evicted_circuit_is_admitted_by_its_successor() {
    VoiceCircuitBreakers breakers = builder().build();
    Circuit first = breakers.circuit("b");
    assertThat(first.evict()).isTrue();

    Attempt attempt = admitted(first);

    assertThat(attempt.circuit()).isSameAs(breakers.circuit("b")).isNotSameAs(first);
    attempt.ignored();
  }

  @Test
  void a_result_that_finds_its_circuit_evicted_counts_in_the_successor() {
    VoiceCircuitBreakers breakers = builder().build();
    VoiceCircuitBreaker breaker = breakers.forBusiness("b");
    Circuit first = breakers.circuit("b");
    fail(breaker, 10);
    breaker.reset();
    Attempt attempt = admitted(first);
    evictInFlight(first);

    attempt.failed(new IllegalStateException());

    assertThat(breaker.snapshot().failureCount()).isEqualTo(1);
    assertThat(breakers.lateResults()).isZero();
  }

  @Test
  void a_result_that_finds_its_circuit_evicted_settles_no_trial_of_the_successor() {
    VoiceCircuitBreakers breakers = builder().build();
    VoiceCircuitBreaker breaker = breakers.forBusiness("b");
    Circuit first = breakers.circuit("b");
    // As many transitions as the successor will have behind it in its trial.
    breaker.reset();
    breaker.reset();
    Attempt attempt = admitted(first);
    evictInFlight(first);
    fail(breaker, 10);
    time.advance(Duration.ofSeconds(30));
    breaker.executeAsync(CompletableFuture::new);
    assertThat(breakers.circuit("b").machine().generation()).isEqualTo(attempt.generation());

    attempt.completed();

    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.HALF_OPEN);
    assertThat(breakers.lateResults()).isEqualTo(1);
  }

  @Test
  void an_order_that_finds_its_circuit_evicted_is_the_successors() {
    VoiceCircuitBreakers breakers = builder().build();
    Circuit first = breakers.circuit("b");

    first.order(
        s -> {
          first.evict();
          return StateMachine.forceOpen(s, time.nanoTime());
        },
        "maintenance");

    assertThat(first.machine().isEvicted()).isTrue();
    assertThat(breakers.forBusiness("b").snapshot().hold()).isEqualTo(Hold.OPEN);
  }

  @Test
  void nothing_brings_an_evicted_circuit_back() {
    VoiceCircuitBreakers breakers = builder().build();
    Circuit circuit = breakers.circuit("b");
    MachineState before = circuit.machine();
    assertThat(circuit.evict()).isTrue();
    CircuitBreakerStoreState row = CircuitBreakerStoreState.initial("b");

    circuit.acknowledged(before, row);
    circuit.observe(row);
    TrialLease.granted(circuit, "token", 0, row, new CompletableFuture<>());
    TrialLease.refused(circuit, "token");
    TrialLease.release(circuit);

    assertThat(circuit.machine().isEvicted()).isTrue();
    assertThat(circuit.evict()).isFalse();
  }

  @Test
  void a_listener_that_comes_with_eviction_hears_the_successor() {
    VoiceCircuitBreakers breakers = builder().eventDelivery(Runnable::run).build();
    VoiceCircuitBreaker handle = breakers.forBusiness("b");
    Circuit first = breakers.circuit("b");
    assertThat(first.evict()).isTrue();
    Heard heard = new Heard();

    assertThat(first.addListener(heard)).isFalse();
    handle.addListener(heard);
    fail(handle, 1);

    assertThat(heard.failures).hasSize(1);
  }

  @Test
  void a_successor_is_configured_as_its_predecessor_and_asks_no_user_code() {
    AtomicInteger asked = new AtomicInteger();
    VoiceCircuitBreakers breakers =
        builder()
            .configFor(
                id -> {
                  if (asked.incrementAndGet() > 1) {
                    throw new IllegalStateException();
                  }
                  return CircuitBreakerConfig.builder().volumeThreshold(2).build();
                })
            .build();
    VoiceCircuitBreaker handle = breakers.forBusiness("b");
    CompletableFuture<String> operation = new CompletableFuture<>();
    CompletableFuture<ExecutionResult<String>> call =
        handle.executeAsync(() -> operation).toCompletableFuture();
    evictInFlight(breakers.circuit("b"));

    operation.complete("fine");

    assertThat(call.join().isFallback()).isFalse();
    assertThat(breakers.circuit("b").config().volumeThreshold()).isEqualTo(2);
  }

  @Test
  void a_configuration_that_is_missing_or_throws_comes_out_of_forBusiness() {
    VoiceCircuitBreakers missing = builder().configFor(id -> null).build();
    VoiceCircuitBreakers broken =
        builder()
            .configFor(
                id -> {
                  throw new IllegalStateException("mine");
                })
            .build();

    assertThatThrownBy(() -> missing.forBusiness("b")).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> broken.forBusiness("b")).hasMessage("mine");
  }

  @Test
  void handles_of_one_business_share_its_circuit_and_no_others() {
    VoiceCircuitBreakers breakers = builder().build();
    List<VoiceCircuitBreaker> handles = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      handles.add(breakers.forBusiness("b"));
    }
    for (VoiceCircuitBreaker handle : handles) {
      fail(handle, 1);
    }

    assertThat(handles).allMatch(h -> h.state() == CircuitBreakerState.OPEN);
    assertThat(breakers.forBusiness("other").state()).isEqualTo(CircuitBreakerState.CLOSED);
    assertThat(breakers.size()).isEqualTo(2);
  }
}
