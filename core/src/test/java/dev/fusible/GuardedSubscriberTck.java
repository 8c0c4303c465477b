package dev.fusible;

import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicReference;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowSubscriberBlackboxVerification;

/**
 * The rules of Reactive Streams for subscribers, on what a guarded operation's publisher gets; run
 * by {@link GuardedStreamTckTest}.
 */
public final class GuardedSubscriberTck extends FlowSubscriberBlackboxVerification<String> {

  private static final VoiceCircuitBreakers BREAKERS = VoiceCircuitBreakers.builder().build();

  /** For TestNG. */
  public GuardedSubscriberTck() {
    super(new TestEnvironment(1_000, 50));
  }

  @Override
  @SuppressWarnings("unchecked") // What takes strings or less takes strings.
  public Flow.Subscriber<String> createFlowSubscriber() {
    AtomicReference<Flow.Subscriber<String>> guarded = new AtomicReference<>();
    BREAKERS
        .forBusiness("b")
        .executeStream(
            () -> subscriber -> guarded.set((Flow.Subscriber<String>) subscriber),
            StreamOptions.<String>builder(fallback -> "sorry").build())
        .subscribe(new OneByOne());
    return guarded.get();
  }

  @Override
  public String createElement(int element) {
    return "word " + element;
  }

  /** Asks for the next when one has come. */
  private static final class OneByOne implements Flow.Subscriber<String> {

    private Flow.Subscription subscription;

    @Override
    public void onSubscribe(Flow.Subscription granted) {
      subscription = granted;
      granted.request(1);
    }

    @Override
    public void onNext(String item) {
      subscription.request(1);
    }

    @Override
    public void onError(Throwable error) {}

    @Override
    public void onComplete() {}
  }
}
