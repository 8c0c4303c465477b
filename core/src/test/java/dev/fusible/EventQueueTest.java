package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Events reach the one thread that tells them: all of them, once, in order. */
class EventQueueTest {

  private static final int EVENTS = 3_000;
  private static final int THREADS = 4;
  private static final long PATIENCE_MILLIS = 10_000;

  private final AtomicLong dropped = new AtomicLong();
  private final EventQueue queue = new EventQueue(dropped);

  @Test
  void events_of_several_threads_are_told_once_and_in_the_order_of_each() throws Exception {
    List<List<Integer>> told = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      List<Integer> own = Collections.synchronizedList(new ArrayList<>());
      told.add(own);
      threads.add(
          new Thread(
              () -> {
                for (int event = 0; event < EVENTS; event++) {
                  int number = event;
                  queue.execute(() -> own.add(number));
                }
              }));
    }
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    queue.close(PATIENCE_MILLIS);

    assertThat(dropped).hasValue(0);
    assertThat(told)
        .allSatisfy(own -> assertThat(own).hasSize(EVENTS).isSorted().doesNotHaveDuplicates());
  }

  @Test
  void what_one_event_does_to_its_thread_does_not_reach_the_next() {
    List<String> told = Collections.synchronizedList(new ArrayList<>());
    queue.execute(() -> Thread.currentThread().interrupt());
    queue.execute(
        () -> {
          throw new AssertionError("broken");
        });
    queue.execute(() -> told.add("interrupted: " + Thread.currentThread().isInterrupted()));

    queue.close(PATIENCE_MILLIS);

    assertThat(told).containsExactly("interrupted: false");
  }

  @Test
  void what_is_left_when_the_time_to_close_is_over_is_dropped_and_counted() throws Exception {
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    CompletableFuture<Thread> teller = new CompletableFuture<>();
    List<String> told = Collections.synchronizedList(new ArrayList<>());
    queue.execute(
        () -> {
          teller.complete(Thread.currentThread());
          started.countDown();
          try {
            never.await();
          } catch (InterruptedException over) {
            told.add("the first");
          }
        });
    started.await();
    queue.execute(() -> told.add("the second"));

    queue.close(1);
    teller.join().join();

    assertThat(told).containsExactly("the first");
    assertThat(dropped).hasValue(1);
  }
}
