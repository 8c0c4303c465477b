package dev.fusible;

import static dev.fusible.CircuitBreakerState.CLOSED;
import static dev.fusible.CircuitBreakerState.HALF_OPEN;
import static dev.fusible.CircuitBreakerState.OPEN;
import static dev.fusible.FleetInstance.LLM;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.FlakyStore.Fault;
import dev.fusible.FlakyStore.Operation;
import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Instances that share a store share what their businesses learn of an upstream. */
class SharedEvidenceTest {

  private static final Duration REFRESH = Duration.ofSeconds(5);
  private static final Duration RECOVERY = Duration.ofSeconds(30);

  private final ManualTime time = new ManualTime();
  private final CircuitBreakerStore store = CircuitBreakerStore.inMemory(time);
  private final List<FleetInstance> fleet = new ArrayList<>();
  private final FleetInstance one = instance();
  private final FleetInstance two = instance();
  private final FleetInstance three = instance();

  private FleetInstance instance() {
    FleetInstance instance = new FleetInstance(time, store, FleetInstance::patientBusinesses);
    fleet.add(instance);
    return instance;
  }

  @AfterEach
  void close() {
    fleet.forEach(FleetInstance::close);
  }

  /** Only two businesses called it, and both failed. */
  private void opensAlone() {
    one.fail("a", 5);
    one.fail("e", 5);
    assertThat(one.state()).isEqualTo(OPEN);
  }

  private CircuitBreakerStoreState row() {
    return store
        .getStates(List.of("upstream/" + LLM))
        .toCompletableFuture()
        .join()
        .get("upstream/" + LLM);
  }

  @Test
  void what_three_businesses_see_on_three_instances_opens_it_for_all_before_each_has_paid() {
    for (int round = 0; round < 4; round++) {
      one.call("a", CompletableFuture::new);
      two.call("b", CompletableFuture::new);
      three.call("c", CompletableFuture::new);
      time.advance(Duration.ofSeconds(8));
    }

    assertThat(row().state()).isEqualTo(OPEN);
    time.advance(REFRESH);
    assertThat(fleet).allMatch(instance -> instance.state() == OPEN);
    assertThat(fleet).noneMatch(instance -> instance.succeeds("d"));
    assertThat(one.of("a").snapshot().failureCount()).isLessThan(10);
  }

  @Test
  void one_businesss_failures_open_it_nowhere() {
    one.fail("a", 100);
    two.succeeds("b");

    time.advance(REFRESH);

    assertThat(fleet).allMatch(instance -> instance.state() == CLOSED);
    assertThat(row().state()).isEqualTo(CLOSED);
  }

  @Test
  void two_businesses_failures_open_it_nowhere_else_and_soon_not_even_there() {
    two.succeeds("b");
    three.succeeds("c");
    opensAlone();
    assertThat(row().state()).isEqualTo(CLOSED);

    for (int second = 0; second < 120; second++) {
      time.advance(Duration.ofSeconds(1));
      assertThat(two.succeeds("b")).isTrue();
      assertThat(three.succeeds("c")).isTrue();
      assertThat(row().state()).isEqualTo(CLOSED);
      if (second > 10) {
        assertThat(one.state()).isEqualTo(CLOSED);
      }
      one.fail("a", 2);
      one.fail("e", 1);
    }
  }

  @Test
  void the_others_object_without_a_write_of_their_own() {
    opensAlone();
    two.succeeds("b");
    time.advance(REFRESH);
    two.line.resetCounts();

    two.succeeds("b");
    two.succeeds("b");
    time.advance(REFRESH);

    assertThat(two.line.count(Operation.SET)).as("the reset of the stored count").isEqualTo(1);
    assertThat(row().evidence().active()).containsOnlyKeys("a", "b", "e");
    assertThat(one.state()).isEqualTo(CLOSED);
    one.fail("a", 20);
    assertThat(one.state()).isEqualTo(CLOSED);
  }

  @Test
  void an_instance_that_opened_alone_tries_alone_and_tells_nobody() {
    opensAlone();
    time.advance(REFRESH);
    assertThat(two.state()).isEqualTo(CLOSED);
    time.advance(RECOVERY);
    one.line.resetCounts();
    CompletableFuture<String> trial = one.begin("a");

    assertThat(one.state()).isEqualTo(HALF_OPEN);
    assertThat(one.begin("a")).isNull();
    assertThat(row().state()).isEqualTo(CLOSED);
    trial.completeExceptionally(new IllegalStateException());
    assertThat(one.state()).isEqualTo(OPEN);
    assertThat(row().state()).isEqualTo(CLOSED);
    time.advance(RECOVERY);
    assertThat(one.succeeds("a")).isTrue();

    assertThat(one.state()).isEqualTo(CLOSED);
    assertThat(one.line.count(Operation.CLAIM)).isZero();
    time.advance(REFRESH);
    assertThat(row().failureCount()).isZero();
    assertThat(one.events.changes)
        .extracting(StateChange::to)
        .containsExactly(OPEN, HALF_OPEN, OPEN, HALF_OPEN, CLOSED);
  }

  @Test
  void a_trial_of_an_instance_that_opened_alone_may_be_cancelled() {
    opensAlone();
    time.advance(RECOVERY);

    one.call("a", CompletableFuture::new).cancel(true);

    assertThat(one.state()).isEqualTo(HALF_OPEN);
    assertThat(row().state()).isEqualTo(CLOSED);
    assertThat(one.succeeds("a")).isTrue();
    assertThat(one.state()).isEqualTo(CLOSED);
  }

  @Test
  void an_instance_that_opened_alone_opens_all_when_others_fail_too() {
    opensAlone();
    two.fail("b", 1);
    three.fail("c", 1);

    time.advance(REFRESH.multipliedBy(2));

    assertThat(row().state()).isEqualTo(OPEN);
    assertThat(row().evidence().failed()).hasSize(3).containsAnyOf("b", "c");
    assertThat(fleet).allMatch(instance -> instance.state() == OPEN);
    time.advance(RECOVERY);
    CompletableFuture<String> trial = one.begin("a");
    assertThat(two.begin("b")).isNull();
    trial.complete("back");
    time.advance(REFRESH);
    assertThat(fleet).allMatch(instance -> instance.state() == CLOSED);
  }

  @Test
  void an_instance_that_opened_alone_takes_an_operators_order_and_passes_it_on() {
    opensAlone();

    one.upstream.forceOpen("maintenance");
    time.advance(REFRESH);
    assertThat(fleet).allMatch(instance -> instance.state() == OPEN);
    assertThat(row().hold()).isEqualTo(Hold.OPEN);

    two.upstream.reset();
    time.advance(REFRESH);
    assertThat(fleet).allMatch(instance -> instance.state() == CLOSED);
  }

  @Test
  void closing_an_instance_that_opened_alone_leaves_the_row_closed() {
    opensAlone();
    time.advance(RECOVERY);
    one.begin("a");

    one.close();

    assertThat(row().state()).isEqualTo(CLOSED);
    assertThat(row().trialToken()).isNull();
  }

  @Test
  void a_run_that_another_instance_ended_does_not_count_its_businesses_again() {
    one.fail("a", 2);
    one.fail("b", 2);
    time.advance(REFRESH);
    two.succeeds("c");
    time.advance(REFRESH);
    assertThat(row().evidence().failed()).isEmpty();
    assertThat(one.upstream.snapshot().failureCount()).isZero();

    one.fail("c", 30);
    time.advance(REFRESH);

    assertThat(row().evidence().failed()).containsExactly("c");
    assertThat(one.state()).isEqualTo(CLOSED);
  }

  @Test
  void failures_not_yet_written_survive_the_end_of_another_instances_run() {
    one.fail("a", 1);
    time.advance(REFRESH);
    two.succeeds("b");
    one.fail("a", 1);
    one.fail("c", 1);

    time.advance(REFRESH.multipliedBy(2));

    assertThat(row().failureCount()).isBetween(1, 2);
    assertThat(row().evidence().failed()).isNotEmpty().doesNotContain("b");
  }

  @Test
  void a_business_that_has_gone_is_forgotten_a_minute_later_whoever_writes_meanwhile() {
    two.fail("gone", 1);
    time.advance(REFRESH);
    for (int second = 0; second < 55; second++) {
      one.fail("a", 1);
      three.fail("a", 1);
      time.advance(Duration.ofSeconds(1));
    }
    assertThat(row().evidence().active()).containsKey("gone");

    time.advance(REFRESH.multipliedBy(2));
    one.fail("a", 1);
    time.advance(REFRESH);

    assertThat(row().evidence().active()).containsOnlyKeys("a");
  }

  @Test
  void a_restart_goes_on_with_what_was_known() {
    one.fail("a", 4);
    two.fail("b", 4);
    time.advance(REFRESH);
    one.close();
    FleetInstance next = instance();

    next.fail("c", 2);

    assertThat(next.state()).isEqualTo(OPEN);
    FleetInstance another = instance();
    assertThat(another.state()).isEqualTo(OPEN);
    assertThat(another.upstream.snapshot().retryAfter()).isEqualTo(RECOVERY);
  }

  @Test
  void healthy_traffic_of_many_businesses_costs_no_store_access() {
    for (int i = 0; i < 50; i++) {
      one.succeeds("b" + i);
    }
    one.line.resetCounts();

    for (int i = 0; i < 10_000; i++) {
      one.succeeds("b" + i % 50);
    }

    assertThat(one.line.count()).isZero();
    time.advance(REFRESH.multipliedBy(10));
    assertThat(one.line.count(Operation.CHANGES)).isEqualTo(10);
    assertThat(one.line.count()).isEqualTo(10);
    assertThat(row().version()).isZero();
  }

  @Test
  void what_opened_while_the_store_was_down_is_told_when_it_is_back() {
    one.line.all(Fault.FAIL);
    one.fail("a", 4);
    one.fail("b", 3);
    one.fail("c", 3);
    assertThat(one.state()).isEqualTo(OPEN);
    time.advance(Duration.ofSeconds(1));
    assertThat(two.state()).isEqualTo(CLOSED);

    one.line.all(Fault.NONE);
    time.advance(REFRESH.multipliedBy(3));

    assertThat(two.state()).isEqualTo(OPEN);
  }

  @Test
  void the_row_names_no_more_businesses_than_it_takes() {
    for (int i = 0; i < 40; i++) {
      one.fail("b" + i, 1);
    }
    time.advance(REFRESH);

    assertThat(row().evidence().failed()).hasSizeLessThanOrEqualTo(3);
    assertThat(row().evidence().active()).hasSizeLessThanOrEqualTo(3);
  }

  @Test
  void a_businesss_row_has_no_evidence() {
    one.fail("a", 1);
    time.advance(REFRESH);

    CircuitBreakerStoreState own =
        store.getStates(List.of("a")).toCompletableFuture().join().get("a");
    assertThat(own.version()).isPositive();
    assertThat(own.evidence()).isEqualTo(Evidence.NONE);
  }

  @Test
  void a_trial_that_fails_for_one_instance_alone_is_not_told_to_the_others() {
    opensAlone();
    time.advance(RECOVERY);

    one.fail("a", 1);
    time.advance(REFRESH);

    assertThat(row().failureCount()).isEqualTo(11);
    assertThat(row().state()).isEqualTo(CLOSED);
    assertThat(row().failedTrials()).isZero();
  }

  @Test
  void what_closes_without_a_failure_forgets_none_that_others_count_later() {
    CircuitBreakerConfig slow =
        CircuitBreakerConfig.builder()
            .tripPolicy(TripPolicy.slowCalls(0.5, Duration.ofMillis(300), 4))
            .volumeThreshold(4)
            .build();
    FleetInstance alone =
        new FleetInstance(
            time, store, builder -> FleetInstance.patientBusinesses(builder.config(slow)));
    fleet.add(alone);
    for (String business : List.of("a", "e", "a", "e")) {
      CompletableFuture<String> answer = alone.begin(business);
      time.advance(Duration.ofMillis(400));
      answer.complete("late");
    }
    assertThat(alone.state()).isEqualTo(OPEN);
    time.advance(RECOVERY);
    assertThat(alone.succeeds("a")).isTrue();
    assertThat(alone.state()).isEqualTo(CLOSED);
    time.advance(REFRESH);

    two.fail("b", 1);
    time.advance(REFRESH.plus(REFRESH));

    assertThat(row().failureCount()).isEqualTo(1);
    assertThat(alone.upstream.snapshot().failureCount()).isEqualTo(1);
  }
}
