package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CallTallyTest {

  private final CallTally tally = new CallTally();

  @Test
  void counts_of_one_thread_are_exact_at_once() {
    for (int i = 0; i < 100; i++) {
      tally.start();
      assertThat(tally.started()).isEqualTo(i + 1);
      tally.succeed();
      assertThat(tally.succeeded()).isEqualTo(i + 1);
    }
  }

  @Test
  void a_call_that_did_not_run_after_all_is_taken_back() throws Exception {
    tally.start();
    tally.takeBack();
    tally.start();
    Thread other = new Thread(tally::takeBack);
    other.start();
    other.join();

    assertThat(tally.started()).isZero();
  }

  @Test
  void no_count_is_lost_however_many_threads_call_at_once() throws Exception {
    int calls = 50_000;
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      threads.add(
          new Thread(
              () -> {
                for (int call = 0; call < calls; call++) {
                  tally.start();
                  tally.succeed();
                }
              }));
    }
    tally.start();
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    tally.start();

    assertThat(tally.started()).isEqualTo(20L * calls + 2);
    assertThat(tally.succeeded()).isEqualTo(20L * calls);
  }

  @Test
  void calls_are_a_crowd_when_they_come_in_a_moment_and_not_when_they_come_in_an_hour() {
    int millis = 1_024;
    int last = Integer.MAX_VALUE - millis + 1;

    assertThat(CallTally.isSoonAfter(5 * millis, 5 * millis)).isTrue();
    assertThat(CallTally.isSoonAfter(5 * millis, 6 * millis)).isTrue();
    assertThat(CallTally.isSoonAfter(last, Integer.MIN_VALUE)).as("round its end").isTrue();
    assertThat(CallTally.isSoonAfter(5 * millis, 7 * millis)).isFalse();
    assertThat(CallTally.isSoonAfter(0, last)).as("35 minutes").isFalse();
    assertThat(CallTally.isSoonAfter(0, Integer.MIN_VALUE)).as("a little longer").isFalse();
    assertThat(CallTally.isSoonAfter(0, -2 * millis)).as("70 minutes").isFalse();
  }

  @Test
  void a_call_that_ends_on_another_thread_counts_once() throws Exception {
    tally.start();
    Thread other = new Thread(tally::succeed);
    other.start();
    other.join();

    assertThat(tally.started()).isEqualTo(1);
    assertThat(tally.succeeded()).isEqualTo(1);
  }
}
