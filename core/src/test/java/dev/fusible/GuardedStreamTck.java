package dev.fusible;

import java.util.concurrent.Flow;
import java.util.function.Supplier;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;

/** The rules of Reactive Streams for publishers, on a guarded stream; run by its {@code Test}. */
public final class GuardedStreamTck extends FlowPublisherVerification<String> {

  private static final VoiceCircuitBreakers BREAKERS = VoiceCircuitBreakers.builder().build();

  /** For TestNG. */
  public GuardedStreamTck() {
    super(new TestEnvironment(1_000, 50));
  }

  @Override
  public Flow.Publisher<String> createFlowPublisher(long elements) {
    return guarded(() -> new CountingStream(elements));
  }

  @Override
  public Flow.Publisher<String> createFailedFlowPublisher() {
    return guarded(
        () -> {
          throw new IllegalStateException();
        });
  }

  private static Flow.Publisher<String> guarded(Supplier<Flow.Publisher<String>> operation) {
    return BREAKERS
        .forBusiness("b")
        .executeStream(
            operation,
            StreamOptions.<String>builder(fallback -> "sorry").passOn(error -> true).build());
  }
}
