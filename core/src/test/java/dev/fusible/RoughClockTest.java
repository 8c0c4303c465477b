package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.api.Test;

class RoughClockTest {

  private final RoughClock clock = new RoughClock();

  @Test
  void it_is_never_ahead_and_never_goes_back() {
    long last = clock.nanoTime();
    for (int i = 0; i < 1_000_000; i++) {
      long reading = clock.nanoTime();
      assertThat(System.nanoTime() - reading >= 0).isTrue();
      last = Math.max(last, reading);
    }
    assertThat(last - clock.nanoTime()).isLessThanOrEqualTo(0);
  }

  @Test
  void asked_now_and_then_it_is_exact() {
    long before = System.nanoTime();

    long reading = clock.nanoTime();

    assertThat(reading - before).isGreaterThanOrEqualTo(0);
  }

  @Test
  void once_nobody_asks_all_the_time_it_is_exact_again() {
    for (int i = 0; i < 1_000_000; i++) {
      long unused = clock.nanoTime();
    }

    await()
        .until(
            () -> {
              long before = System.nanoTime();
              return clock.nanoTime() - before >= 0;
            });
  }
}
