package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An asynchronous operation whose answer turns out to be a stream: one attempt guards both. */
class StreamedAnswerTest {

  private final ManualTime time = new ManualTime();
  private final VoiceCircuitBreakers breakers =
      VoiceCircuitBreakers.builder().timeSource(time).executor(Runnable::run).build();
  private final VoiceCircuitBreaker breaker = breakers.forBusiness("clinica-sonrisa");
  private final CompletableFuture<String> answer = new CompletableFuture<>();
  private final Upstream upstream = new Upstream();
  private final Caller caller = new Caller();

  /** A publisher that does what the test says. */
  private static final class Upstream implements Flow.Publisher<String>, Flow.Subscription {
    Flow.Subscriber<? super String> subscriber;
    boolean cancelled;

    @Override
    public void subscribe(Flow.Subscriber<? super String> listener) {
      subscriber = listener;
      listener.onSubscribe(this);
    }

    @Override
    public void request(long n) {}

    @Override
    public void cancel() {
      cancelled = true;
    }
  }

  private static final class Caller implements Flow.Subscriber<String> {
    final List<String> heard = new ArrayList<>();
    Flow.Subscription subscription;
    boolean complete;

    @Override
    public void onSubscribe(Flow.Subscription granted) {
      subscription = granted;
      granted.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(String item) {
      heard.add(item);
    }

    @Override
    public void onError(Throwable error) {
      throw new AssertionError(error);
    }

    @Override
    public void onComplete() {
      complete = true;
    }
  }

  private CompletableFuture<ExecutionResult<String>> call() {
    CompletionStage<ExecutionResult<String>> stage =
        breaker.executeAsync(
            () -> answer,
            value ->
                value.equals("stream")
                    ? new StreamedAnswer<>(
                        upstream,
                        StreamOptions.<String>builder(f -> "(" + f.type() + ")").build(),
                        caller)
                    : null);
    return stage.toCompletableFuture();
  }

  @AfterEach
  void leaves_no_timer_behind() {
    breakers.close();
    assertThat(time.pendingTasks()).isZero();
  }

  @Test
  void a_value_is_a_call_like_any_other() {
    CompletableFuture<ExecutionResult<String>> call = call();

    answer.complete("value");

    assertThat(call.join()).isInstanceOf(ExecutionResult.Success.class);
    assertThat(breaker.getMetrics().successfulExecutions()).isEqualTo(1);
  }

  @Test
  void a_stream_is_a_success_only_when_it_has_ended() {
    CompletableFuture<ExecutionResult<String>> call = call();
    answer.complete("stream");
    assertThat(call).isCompleted();
    upstream.subscriber.onNext("Claro");
    assertThat(breaker.getMetrics().successfulExecutions()).isZero();

    upstream.subscriber.onComplete();

    assertThat(caller.heard).containsExactly("Claro");
    assertThat(caller.complete).isTrue();
    assertThat(breaker.getMetrics().successfulExecutions()).isEqualTo(1);
    assertThat(breaker.getMetrics().totalExecutions()).isEqualTo(1);
  }

  @Test
  void a_stream_may_last_longer_than_the_limit_of_the_wait_for_it() {
    CompletableFuture<ExecutionResult<String>> call = call();
    answer.complete("stream");
    for (int i = 0; i < 10; i++) {
      upstream.subscriber.onNext("word");
      time.advance(Duration.ofSeconds(2));
    }

    upstream.subscriber.onComplete();

    assertThat(call).isCompleted();
    assertThat(caller.heard).hasSize(10);
    assertThat(breaker.getMetrics().successfulExecutions()).isEqualTo(1);
  }

  @Test
  void the_first_item_is_due_from_the_start_of_the_call() {
    call();
    time.advance(Duration.ofSeconds(4));
    answer.complete("stream");

    time.advance(Duration.ofMillis(499));
    assertThat(caller.heard).isEmpty();
    time.advance(Duration.ofMillis(1));

    assertThat(caller.heard).containsExactly("(TIMEOUT)");
    assertThat(upstream.cancelled).isTrue();
    assertThat(breaker.getMetrics().timeouts()).isEqualTo(1);
  }

  @Test
  void a_stall_is_one_timeout_and_the_wait_before_it_no_success() {
    call();
    answer.complete("stream");
    upstream.subscriber.onNext("Claro");

    time.advance(Duration.ofSeconds(3));

    assertThat(caller.heard).containsExactly("Claro", "(TIMEOUT)");
    assertThat(breaker.getMetrics().failedExecutions()).isEqualTo(1);
    assertThat(breaker.getMetrics().successfulExecutions()).isZero();
  }

  @Test
  void without_an_answer_the_limit_of_the_call_holds() {
    CompletableFuture<ExecutionResult<String>> call = call();

    time.advance(Duration.ofSeconds(8));

    assertThat(call.join())
        .isInstanceOfSatisfying(
            ExecutionResult.Fallback.class,
            f -> assertThat(f.type()).isEqualTo(FallbackType.TIMEOUT));
    assertThat(answer).isCancelled();
  }

  @Test
  void cancelling_the_stream_counts_as_neither() {
    call();
    answer.complete("stream");

    caller.subscription.cancel();

    assertThat(upstream.cancelled).isTrue();
    CircuitBreakerMetrics metrics = breaker.getMetrics();
    assertThat(metrics.successfulExecutions() + metrics.failedExecutions()).isZero();
  }

  @Test
  void a_stream_that_comes_after_the_limit_is_cancelled_and_counted_as_late() {
    CompletableFuture<String> deaf = new CompletableFuture<>();
    CompletionStage<ExecutionResult<String>> call =
        breaker.executeAsync(
            () -> deaf.minimalCompletionStage(),
            value ->
                new StreamedAnswer<>(
                    upstream, StreamOptions.<String>builder(f -> "").build(), caller));
    time.advance(Duration.ofSeconds(8));

    deaf.complete("stream");

    assertThat(call.toCompletableFuture().join().isFallback()).isTrue();
    assertThat(upstream.cancelled).isTrue();
    assertThat(caller.subscription).isNull();
    assertThat(breaker.getMetrics().lateResults()).isEqualTo(1);
  }

  @Test
  void a_stream_that_comes_after_its_caller_cancelled_is_cancelled_and_not_counted() {
    CompletableFuture<String> deaf = new CompletableFuture<>();
    CompletableFuture<ExecutionResult<String>> call =
        breaker
            .<String>executeAsync(
                () -> deaf.minimalCompletionStage(),
                value ->
                    new StreamedAnswer<>(
                        upstream, StreamOptions.<String>builder(f -> "").build(), caller))
            .toCompletableFuture();
    call.cancel(true);

    deaf.complete("stream");

    assertThat(upstream.cancelled).isTrue();
    assertThat(breaker.getMetrics().lateResults()).isZero();
  }

  @Test
  void a_trial_whose_caller_lost_patience_goes_on_unheard_and_closes_the_circuit() {
    for (int i = 0; i < 10; i++) {
      breaker.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    }
    time.advance(Duration.ofSeconds(30));
    CompletableFuture<ExecutionResult<String>> call = call();
    time.advance(Duration.ofSeconds(3));
    assertThat(call.join().isFallback()).isTrue();

    answer.complete("stream");
    upstream.subscriber.onNext("Claro");
    upstream.subscriber.onComplete();

    assertThat(caller.subscription).isNull();
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
  }

  @Test
  void a_trial_unheard_is_proven_by_the_first_thing_it_says() {
    for (int i = 0; i < 10; i++) {
      breaker.executeAsync(() -> CompletableFuture.failedFuture(new IllegalStateException()));
    }
    time.advance(Duration.ofSeconds(30));
    call();
    time.advance(Duration.ofSeconds(3));
    answer.complete("stream");
    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.HALF_OPEN);

    upstream.subscriber.onNext("Claro");

    assertThat(breaker.state()).isEqualTo(CircuitBreakerState.CLOSED);
    assertThat(upstream.cancelled).isTrue();
    assertThat(breaker.getMetrics().fallbacksServed()).isEqualTo(11);
  }

  @Test
  void a_stream_whose_subscriber_cancels_at_once_is_not_left_hanging() {
    breaker.executeAsync(
        () -> CompletableFuture.completedFuture("stream"),
        value ->
            new StreamedAnswer<>(
                upstream,
                StreamOptions.<String>builder(f -> "").build(),
                new Hearer(0) {
                  @Override
                  public void onSubscribe(Flow.Subscription granted) {
                    granted.cancel();
                  }
                }));

    assertThat(upstream.cancelled).isTrue();
    assertThat(breakers.circuit("clinica-sonrisa").inFlight()).isZero();
  }

  @Test
  void a_broken_publisher_of_a_stream_that_nobody_wants_leaves_the_attempt_settled() {
    CompletionStage<ExecutionResult<String>> call =
        breaker.executeAsync(
            () -> CompletableFuture.completedFuture("stream"),
            value ->
                new StreamedAnswer<>(
                    listener -> {
                      throw new IllegalStateException();
                    },
                    StreamOptions.<String>builder(f -> "").build(),
                    new Hearer(0) {
                      @Override
                      public void onSubscribe(Flow.Subscription granted) {
                        granted.cancel();
                      }
                    }));

    assertThat(call.toCompletableFuture()).isCompleted();
    assertThat(breakers.circuit("clinica-sonrisa").inFlight()).isZero();
  }

  @Test
  void a_stream_that_comes_after_its_caller_gave_up_is_cancelled_and_counts_as_neither() {
    CompletableFuture<ExecutionResult<String>> call = call();
    call.completeExceptionally(new TimeoutException());

    answer.complete("stream");

    assertThat(upstream.cancelled).isTrue();
    assertThat(breakers.circuit("clinica-sonrisa").inFlight()).isZero();
    assertThat(breaker.getMetrics().successfulExecutions()).isZero();
    assertThat(breaker.getMetrics().failedExecutions()).isZero();
  }

  @Test
  void a_function_that_throws_is_a_failure_and_not_a_caller_left_without_an_answer() {
    CompletionStage<ExecutionResult<String>> call =
        breaker.executeAsync(
            () -> CompletableFuture.completedFuture("?"),
            value -> {
              throw new IllegalStateException();
            });

    assertThat(call.toCompletableFuture().join().isFallback()).isTrue();
    assertThat(breaker.getMetrics().failedExecutions()).isEqualTo(1);
  }
}
