package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class SystemTimeSourceTest {

  private final TimeSource time = TimeSource.system();

  @Test
  void a_task_runs_once_its_delay_is_over() throws Exception {
    CountDownLatch ran = new CountDownLatch(1);
    long start = time.nanoTime();

    time.schedule(ran::countDown, Duration.ofMillis(50));

    assertThat(ran.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(time.nanoTime() - start).isGreaterThanOrEqualTo(50_000_000);
  }

  @Test
  void a_task_that_blocks_delays_no_other() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    CountDownLatch ran = new CountDownLatch(1);
    time.schedule(
        () -> {
          try {
            never.await();
          } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
          }
        },
        Duration.ZERO);

    time.schedule(ran::countDown, Duration.ofMillis(1));

    assertThat(ran.await(20, TimeUnit.SECONDS)).isTrue();
    never.countDown();
  }

  @Test
  void what_a_task_throws_is_dropped() throws Exception {
    CountDownLatch ran = new CountDownLatch(1);
    time.schedule(
        () -> {
          throw new IllegalStateException("expected in this test");
        },
        Duration.ZERO);

    time.schedule(ran::countDown, Duration.ofMillis(1));

    assertThat(ran.await(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void a_cancelled_task_does_not_run_and_leaves_nothing_behind() {
    AtomicBoolean ran = new AtomicBoolean();
    Cancellable armed = time.schedule(() -> ran.set(true), Duration.ofMillis(200));
    int before = SystemTimeSource.INSTANCE.armed();

    armed.cancel();

    await().until(() -> SystemTimeSource.INSTANCE.armed() < before);
    CountDownLatch later = new CountDownLatch(1);
    time.schedule(later::countDown, Duration.ofMillis(250));
    await().until(() -> later.getCount() == 0);
    assertThat(ran).isFalse();
  }

  @Test
  void its_threads_keep_no_process_alive() {
    AtomicReference<Thread> ran = new AtomicReference<>();

    time.schedule(() -> ran.set(Thread.currentThread()), Duration.ZERO);

    await().until(() -> ran.get() != null);
    assertThat(ran.get().isDaemon()).isTrue();
  }

  @Test
  void now_is_the_wall_clock() {
    assertThat(time.now()).isBetween(Instant.now().minusSeconds(60), Instant.now().plusSeconds(60));
  }
}
