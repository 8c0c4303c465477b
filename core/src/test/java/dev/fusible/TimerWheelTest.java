package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TimerWheelTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final TimerWheel wheel = new TimerWheel("wheel-in-test", Runnable::run);

  private static long millis(long many) {
    return Duration.ofMillis(many).toNanos();
  }

  @Test
  void no_timer_is_early_and_each_fires_once_whatever_its_delay() {
    ConcurrentLinkedQueue<Long> overdue = new ConcurrentLinkedQueue<>();
    int timers = 20_000;
    Random random = new Random(1);
    for (int i = 0; i < timers; i++) {
      long delay = millis(1) / 10 * random.nextInt(5_000);
      long start = System.nanoTime();
      Cancellable unneeded =
          wheel.schedule(() -> overdue.add(System.nanoTime() - start - delay), delay);
    }

    await().atMost(PATIENCE).until(() -> overdue.size() >= timers && wheel.armed() == 0);

    assertThat(overdue).hasSize(timers).allMatch(nanos -> nanos >= 0);
  }

  @Test
  void one_that_is_armed_while_the_wheel_sleeps_wakes_it() {
    Cancellable late = wheel.schedule(() -> {}, Duration.ofHours(1).toNanos());
    AtomicInteger fired = new AtomicInteger();
    for (int i = 0; i < 5; i++) {
      int before = fired.get();
      long start = System.nanoTime();
      // Longer than the thread lingers: it sleeps in between.
      Cancellable unneeded = wheel.schedule(fired::incrementAndGet, millis(150));
      await().atMost(PATIENCE).until(() -> fired.get() == before + 1);
      assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(millis(150));
    }
    late.cancel();
  }

  @Test
  void one_that_is_due_after_the_wheel_has_gone_round_waits_for_its_turn() {
    List<String> order = new ArrayList<>();
    ConcurrentLinkedQueue<String> fired = new ConcurrentLinkedQueue<>();
    long start = System.nanoTime();
    AtomicLong took = new AtomicLong();
    Cancellable second =
        wheel.schedule(
            () -> {
              took.set(System.nanoTime() - start);
              fired.add("later round");
            },
            millis(8_300));
    Cancellable first = wheel.schedule(() -> fired.add("same slot"), millis(108));

    await().atMost(PATIENCE).until(() -> fired.size() == 2);

    order.addAll(fired);
    assertThat(order).containsExactly("same slot", "later round");
    assertThat(took.get()).isGreaterThanOrEqualTo(millis(8_300));
    first.cancel();
    second.cancel();
  }

  @Test
  void those_that_are_cancelled_never_fire_and_leave_nothing_behind() {
    AtomicInteger fired = new AtomicInteger();
    List<Cancellable> timers = new ArrayList<>();
    for (int i = 0; i < 50_000; i++) {
      Cancellable timer = wheel.schedule(fired::incrementAndGet, Duration.ofHours(1).toNanos());
      if (i % 2 == 0) {
        timer.cancel();
      } else {
        timers.add(timer);
      }
    }
    await().atMost(PATIENCE).until(() -> wheel.armed() == timers.size());

    timers.forEach(Cancellable::cancel);
    timers.forEach(Cancellable::cancel);

    await().atMost(PATIENCE).until(() -> wheel.armed() == 0);
    assertThat(fired).hasValue(0);
  }

  @Test
  void threads_that_arm_and_cancel_at_once_lose_no_timer_and_fire_none_twice() throws Exception {
    int threads = 8;
    int timers = 20_000;
    AtomicInteger kept = new AtomicInteger();
    AtomicInteger fired = new AtomicInteger();
    AtomicInteger firedAlthoughCancelled = new AtomicInteger();
    List<Thread> all = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      Random random = new Random(t);
      Thread thread =
          new Thread(
              () -> {
                List<Cancellable> open = new ArrayList<>();
                for (int i = 0; i < timers; i++) {
                  if (random.nextInt(4) == 0) {
                    kept.incrementAndGet();
                    Cancellable unneeded =
                        wheel.schedule(fired::incrementAndGet, millis(random.nextInt(200)));
                  } else {
                    open.add(
                        wheel.schedule(
                            firedAlthoughCancelled::incrementAndGet,
                            Duration.ofHours(1).toNanos()));
                  }
                  if (random.nextInt(3) == 0 && !open.isEmpty()) {
                    open.remove(open.size() - 1).cancel();
                  }
                }
                open.forEach(Cancellable::cancel);
              });
      all.add(thread);
      thread.start();
    }
    for (Thread thread : all) {
      thread.join();
    }

    await().atMost(PATIENCE).until(() -> fired.get() >= kept.get() && wheel.armed() == 0);

    assertThat(fired).hasValue(kept.get());
    assertThat(firedAlthoughCancelled).hasValue(0);
  }

  @Test
  void a_task_that_throws_stops_no_other() {
    AtomicInteger fired = new AtomicInteger();
    Cancellable broken =
        wheel.schedule(
            () -> {
              throw new IllegalStateException("expected in this test");
            },
            0);

    Cancellable unneeded = wheel.schedule(fired::incrementAndGet, millis(20));

    await().atMost(PATIENCE).until(() -> fired.get() == 1);
    broken.cancel();
  }

  @Test
  void a_delay_beyond_all_time_is_a_very_long_one() {
    AtomicInteger fired = new AtomicInteger();

    Cancellable timer = wheel.schedule(fired::incrementAndGet, Long.MAX_VALUE);
    Cancellable soon = wheel.schedule(() -> {}, millis(5));

    await().atMost(PATIENCE).until(() -> wheel.armed() == 1);
    assertThat(fired).hasValue(0);
    timer.cancel();
    soon.cancel();
  }
}
