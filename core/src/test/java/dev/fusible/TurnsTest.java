package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TurnsTest {

  private final Turns turns = new Turns();

  @Test
  void a_turn_that_is_asked_for_in_a_turn_follows_it_without_growing_the_stack() {
    AtomicInteger taken = new AtomicInteger();
    Runnable turn =
        new Runnable() {
          @Override
          public void run() {
            if (taken.incrementAndGet() < 1_000_000) {
              turns.take(this);
            }
          }
        };

    turns.take(turn);

    assertThat(taken).hasValue(1_000_000);
    assertThat(turns.isIdle()).isTrue();
  }

  @Test
  void operations_that_end_before_they_return_do_not_grow_the_stack() {
    AtomicInteger operations = new AtomicInteger();
    Runnable turn =
        new Runnable() {
          @Override
          public void run() {
            if (operations.incrementAndGet() < 1_000_000) {
              turns.begin();
              turns.end();
              turns.take(this);
            }
          }
        };

    turns.take(turn);

    assertThat(operations).hasValue(1_000_000);
    assertThat(turns.isIdle()).isTrue();
  }

  @Test
  void while_an_operation_is_under_way_there_is_no_turn() {
    List<String> taken = new ArrayList<>();
    turns.take(
        () -> {
          taken.add("first");
          turns.begin();
        });

    turns.take(() -> taken.add("too early"));
    assertThat(turns.isBusy()).isTrue();
    assertThat(turns.isIdle()).isFalse();
    turns.end();
    turns.take(() -> taken.add("second"));

    assertThat(taken).containsExactly("first", "second");
  }

  @Test
  void a_turn_that_throws_does_not_take_away_those_that_follow() {
    List<String> taken = new ArrayList<>();
    OutOfMemoryError none = new OutOfMemoryError();

    assertThatThrownBy(
            () ->
                turns.take(
                    () -> {
                      turns.take(() -> taken.add("with the next"));
                      turns.begin();
                      throw none;
                    }))
        .isSameAs(none);

    assertThat(turns.isIdle()).isTrue();
    turns.take(() -> taken.add("next"));
    assertThat(taken).containsExactly("next");
  }

  @Test
  void one_thread_at_a_time_has_the_turn_and_none_is_lost() throws Exception {
    AtomicInteger at = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    AtomicInteger asked = new AtomicInteger();
    int[] seen = new int[1];
    Runnable turn =
        () -> {
          most.accumulateAndGet(at.incrementAndGet(), Math::max);
          seen[0] = asked.get();
          at.decrementAndGet();
        };
    ExecutorService threads = Executors.newFixedThreadPool(8);
    CountDownLatch start = new CountDownLatch(1);
    for (int i = 0; i < 8; i++) {
      threads.execute(
          () -> {
            try {
              start.await();
            } catch (InterruptedException ended) {
              Thread.currentThread().interrupt();
            }
            for (int n = 0; n < 20_000; n++) {
              asked.incrementAndGet();
              turns.take(turn);
            }
          });
    }
    start.countDown();
    threads.shutdown();

    assertThat(threads.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
    assertThat(most).hasValue(1);
    assertThat(seen[0]).as("the last turn saw all that was asked for").isEqualTo(160_000);
  }
}
