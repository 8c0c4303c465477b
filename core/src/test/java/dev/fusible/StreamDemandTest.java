package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;
import org.junit.jupiter.api.Test;

/** Back-pressure, and subscribers of every kind. */
class StreamDemandTest extends StreamScenario {

  @Test
  void upstream_is_asked_for_what_the_subscriber_asks() {
    Hearer slow = listen(options(), new Hearer(0));
    assertThat(upstream.requests).isEmpty();

    slow.subscription.request(2);
    slow.subscription.request(3);

    assertThat(upstream.requests).containsExactly(2L, 3L);
    upstream.complete();
  }

  @Test
  void what_is_asked_for_before_upstream_is_there_is_asked_once() {
    List<Flow.Subscriber<? super String>> waiting = new ArrayList<>();
    Hearer early = new Hearer(2);
    breaker.executeStream(() -> waiting::add, options().build()).subscribe(early);
    early.subscription.request(3);

    upstream.subscribe(waiting.get(0));

    assertThat(upstream.requests).containsExactly(5L);
    upstream.complete();
  }

  @Test
  void a_second_subscription_of_upstream_is_cancelled() {
    listen();
    ManualStream<String> second = new ManualStream<>();
    upstream.subscriber().onSubscribe(second);

    assertThat(second.isCancelled()).isTrue();
    assertThat(upstream.isCancelled()).isFalse();
    upstream.complete();
  }

  @Test
  void an_item_that_nobody_asked_for_is_a_failure_of_upstream() {
    Hearer slow = listen(options(), new Hearer(1));
    upstream.send("One");

    upstream.send("two");

    assertThat(slow.heard).containsExactly("One");
    assertThat(upstream.isCancelled()).isTrue();
    slow.subscription.request(1);
    assertThat(slow.heard).containsExactly("One", "SYSTEM_ERROR");
    assertCounted(0, 1, 0);
  }

  @Test
  void the_end_needs_no_demand() {
    Hearer slow = listen(options(), new Hearer(0));

    upstream.complete();

    assertThat(slow.ends).containsExactly("complete");
  }

  @Test
  void asking_for_less_than_one_item_is_the_subscribers_own_error() {
    Hearer wrong = listen(options(), new Hearer(0));

    wrong.subscription.request(0);

    assertThat(wrong.error).isInstanceOf(IllegalArgumentException.class);
    assertThat(upstream.isCancelled()).isTrue();
    assertCounted(0, 0, 0);
    wrong.subscription.request(-1);
    assertThat(wrong.ends).hasSize(1);
  }

  @Test
  void a_subscriber_that_cancels_is_neither_success_nor_failure() {
    listen();
    upstream.send("One");

    hearer.subscription.cancel();

    assertThat(upstream.isCancelled()).isTrue();
    upstream.send("two");
    upstream.complete();
    assertThat(hearer.heard).containsExactly("One");
    assertThat(hearer.hasEnded()).isFalse();
    assertCounted(0, 0, 0);
    assertThat(breaker.getMetrics().lateResults()).isZero();
  }

  @Test
  void a_subscriber_that_cancels_at_once_starts_nothing() {
    listen(
        options(),
        new Hearer(0) {
          @Override
          public void onSubscribe(Flow.Subscription present) {
            present.cancel();
          }
        });

    assertThat(upstream.isSubscribed()).isFalse();
    assertThat(breaker.getMetrics().totalExecutions()).isZero();
  }

  @Test
  void a_subscriber_that_throws_has_cancelled() {
    listen(
        options(),
        new Hearer(1) {
          @Override
          public void onNext(String item) {
            throw new IllegalStateException("mine");
          }
        });

    assertThatThrownBy(() -> upstream.send("One")).hasMessage("mine");

    assertThat(upstream.isCancelled()).isTrue();
    assertCounted(0, 0, 0);
  }

  @Test
  void a_subscriber_may_ask_and_cancel_from_within_its_signals() {
    Hearer eager =
        listen(
            options(),
            new Hearer(1) {
              @Override
              public void onNext(String item) {
                super.onNext(item);
                if (heard.size() == 3) {
                  subscription.cancel();
                } else {
                  subscription.request(1);
                }
              }
            });
    for (int i = 0; i < 5; i++) {
      upstream.send("item" + i);
    }

    assertThat(eager.heard).containsExactly("item0", "item1", "item2");
    assertThat(upstream.requests).containsExactly(1L, 1L, 1L);
    assertThat(upstream.isCancelled()).isTrue();
  }

  @Test
  void a_publisher_that_answers_within_its_request_does_not_grow_the_stack() {
    int items = 100_000;
    Hearer one =
        new Hearer(1) {
          @Override
          public void onNext(String item) {
            super.onNext(item);
            subscription.request(1);
          }
        };
    breaker.executeStream(() -> new CountingStream(items), options().build()).subscribe(one);

    assertThat(one.heard).hasSize(items);
    assertThat(one.ends).containsExactly("complete");
  }

  @Test
  void a_subscriber_that_cancels_in_the_fallbacks_item_gets_no_end() {
    Hearer rude =
        listen(
            options(),
            new Hearer(1) {
              @Override
              public void onNext(String item) {
                super.onNext(item);
                subscription.cancel();
              }
            });

    upstream.fail(new IllegalStateException());

    assertThat(rude.heard).containsExactly("SYSTEM_ERROR");
    assertThat(rude.hasEnded()).isFalse();
  }

  @Test
  void a_cancelled_subscriber_does_not_hear_the_sentence_that_waited_for_demand() {
    Hearer slow = listen(options(), new Hearer(0));
    upstream.fail(new IllegalStateException());

    slow.subscription.cancel();
    slow.subscription.request(1);

    assertThat(slow.heard).isEmpty();
    assertThat(slow.hasEnded()).isFalse();
    assertCounted(0, 1, 0);
  }
}
