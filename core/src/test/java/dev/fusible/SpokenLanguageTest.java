package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.awaitility.Awaitility.await;

import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Flow;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which language a caller's sentence is in, and that callers of a business share one rotation. */
class SpokenLanguageTest {

  private final ManualTime time = new ManualTime();
  private final Queue<FallbackEvent> events = new ConcurrentLinkedQueue<>();
  private final VoiceCircuitBreakers breakers =
      VoiceCircuitBreakers.builder()
          .timeSource(time)
          .executor(Runnable::run)
          .config(config(Duration.ofSeconds(8)))
          .fallbacks(
              FallbackResponses.builder()
                  .sentence("fr", FallbackType.SYSTEM_ERROR, "Désolé, appelez-nous.")
                  .sentence("fr", FallbackType.TIMEOUT, "Pardon, appelez le {phone}.")
                  .sentence("fr", FallbackType.CIRCUIT_OPEN, "Excusez-nous, rappelez-nous.")
                  .sentence("de", FallbackType.SYSTEM_ERROR, "Verzeihung, rufen Sie uns an.")
                  .build())
          .language("de")
          .languageFor(
              id ->
                  switch (id) {
                    case "clinica" -> "es-MX";
                    case "broken" -> throw new IllegalStateException();
                    default -> null;
                  })
          .phoneFor(id -> id.equals("clinica") ? "55 1234 5678" : null)
          .listener(
              new CircuitBreakerListener() {
                @Override
                public void onFallback(FallbackEvent event) {
                  events.add(event);
                }
              })
          .build();
  private final VoiceCircuitBreaker breaker = breakers.forBusiness("clinica");

  private static CircuitBreakerConfig config(Duration timeout) {
    return CircuitBreakerConfig.builder().timeout(timeout).build();
  }

  @AfterEach
  void close() {
    breakers.close();
  }

  private static FallbackResponse failed(VoiceCircuitBreaker handle) {
    return responseOf(
        handle.execute(
            () -> {
              throw new IllegalStateException();
            }));
  }

  private static FallbackResponse responseOf(ExecutionResult<?> result) {
    return ((ExecutionResult.Fallback<?>) result).response();
  }

  @Test
  void is_the_businesss_own_unless_another_is_asked_for() {
    assertThat(failed(breaker).language()).isEqualTo("es-MX");
    assertThat(failed(breaker.inLanguage("fr-CA")).language()).isEqualTo("fr");
    assertThat(failed(breaker.inLanguage("fr").inLanguage("en-GB")).language()).isEqualTo("en-US");
  }

  @Test
  void is_the_businesss_own_when_there_is_nothing_in_the_one_asked_for() {
    assertThat(failed(breaker.inLanguage("ja")).language()).isEqualTo("es-MX");
    assertThat(failed(breaker.inLanguage("")).language()).isEqualTo("es-MX");
  }

  @Test
  void is_the_default_when_the_business_has_none_or_its_function_throws() {
    assertThat(failed(breakers.forBusiness("other").inLanguage("ja")).language()).isEqualTo("de");
    assertThat(failed(breakers.forBusiness("broken")).language()).isEqualTo("de");
  }

  @Test
  void of_a_synchronous_call_is_the_one_asked_for_when_it_fails_and_when_the_circuit_is_open() {
    VoiceCircuitBreaker french = breaker.inLanguage("fr");

    assertThat(failed(french).text()).isEqualTo("Désolé, appelez-nous.");
    breaker.forceOpen("test");
    assertThat(failed(french).text()).isEqualTo("Excusez-nous, rappelez-nous.");
  }

  @Test
  void of_a_synchronous_call_is_the_one_asked_for_when_its_time_is_over() {
    ExecutionResult<String> result =
        breaker
            .inLanguage("fr")
            .execute(
                () -> {
                  time.advance(Duration.ofSeconds(8));
                  return "late";
                });

    assertThat(responseOf(result).text()).isEqualTo("Pardon, appelez le 55 1234 5678.");
  }

  @Test
  void of_a_call_without_a_limit_is_the_one_asked_for() {
    try (VoiceCircuitBreakers unlimited =
        VoiceCircuitBreakers.builder().config(config(Duration.ZERO)).build()) {
      VoiceCircuitBreaker spanish = unlimited.forBusiness("any").inLanguage("es");

      assertThat(failed(spanish).language()).isEqualTo("es-MX");
    }
  }

  @Test
  void of_an_asynchronous_call_is_the_one_asked_for() {
    VoiceCircuitBreaker french = breaker.inLanguage("fr");

    CompletableFuture<ExecutionResult<String>> slow = async(french, new CompletableFuture<>());
    time.advance(Duration.ofSeconds(8));

    assertThat(responseOf(slow.join()).text()).isEqualTo("Pardon, appelez le 55 1234 5678.");
    assertThat(
            responseOf(
                    async(french, CompletableFuture.failedFuture(new IllegalStateException()))
                        .join())
                .text())
        .isEqualTo("Désolé, appelez-nous.");
    breaker.forceOpen("test");
    assertThat(responseOf(async(french, new CompletableFuture<>()).join()).text())
        .isEqualTo("Excusez-nous, rappelez-nous.");
  }

  @Test
  void of_an_asynchronous_trial_whose_caller_loses_patience_is_the_one_asked_for() {
    for (int i = 0; i < 10; i++) {
      assertThat(failed(breaker).type()).isEqualTo(FallbackType.SYSTEM_ERROR);
    }
    time.advance(Duration.ofSeconds(30));

    CompletableFuture<ExecutionResult<String>> trial =
        async(breaker.inLanguage("fr"), new CompletableFuture<>());
    time.advance(Duration.ofSeconds(3));

    assertThat(responseOf(trial.join()).text()).isEqualTo("Pardon, appelez le 55 1234 5678.");
  }

  private static CompletableFuture<ExecutionResult<String>> async(
      VoiceCircuitBreaker handle, CompletableFuture<String> operation) {
    return handle.<String>executeAsync(() -> operation).toCompletableFuture();
  }

  @Test
  void of_a_stream_is_the_one_asked_for() {
    VoiceCircuitBreaker french = breaker.inLanguage("fr");
    Flow.Publisher<String> silent =
        subscriber -> subscriber.onSubscribe(new IgnoringSubscription());

    Heard slow = stream(french, silent);
    time.advance(Duration.ofMillis(4_500));

    assertThat(slow.items).containsExactly("Pardon, appelez le 55 1234 5678.");
    assertThat(
            stream(
                    french,
                    subscriber -> {
                      subscriber.onSubscribe(new IgnoringSubscription());
                      subscriber.onError(new IllegalStateException());
                    })
                .items)
        .containsExactly("Désolé, appelez-nous.");
    breaker.forceOpen("test");
    assertThat(stream(french, silent).items).containsExactly("Excusez-nous, rappelez-nous.");
  }

  private static Heard stream(VoiceCircuitBreaker handle, Flow.Publisher<String> operation) {
    Heard heard = new Heard();
    handle
        .executeStream(
            () -> operation,
            StreamOptions.<String>builder(fallback -> fallback.response().text()).build())
        .subscribe(heard);
    return heard;
  }

  @Test
  void is_told_to_listeners_as_that_of_the_text_that_was_chosen() {
    assertThat(failed(breaker.inLanguage("fr-CA")).language()).isEqualTo("fr");
    assertThat(failed(breaker.inLanguage("ja")).language()).isEqualTo("es-MX");

    await()
        .untilAsserted(
            () ->
                assertThat(events)
                    .extracting(FallbackEvent::language)
                    .containsExactly("fr", "es-MX"));
  }

  @Test
  void handles_are_of_the_same_circuit_and_never_say_the_same_twice_running() {
    List<String> heard = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      heard.add(failed(i % 3 == 0 ? breaker.inLanguage("es-AR") : breaker).text());
    }

    for (int i = 1; i < heard.size(); i++) {
      assertThat(heard.get(i)).isNotEqualTo(heard.get(i - 1));
    }
    assertThat(breaker.inLanguage("fr").snapshot().failureCount()).isEqualTo(8);
    assertThat(breaker.inLanguage("fr").businessId()).isEqualTo("clinica");
  }

  @Test
  void must_be_given_where_it_is_asked_for() {
    assertThatNullPointerException().isThrownBy(() -> breaker.inLanguage(null));
  }

  private static final class IgnoringSubscription implements Flow.Subscription {
    @Override
    public void request(long n) {}

    @Override
    public void cancel() {}
  }

  private static final class Heard implements Flow.Subscriber<String> {
    private final List<String> items = new ArrayList<>();

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(String item) {
      items.add(item);
    }

    @Override
    public void onError(Throwable error) {
      throw new AssertionError(error);
    }

    @Override
    public void onComplete() {}
  }
}
