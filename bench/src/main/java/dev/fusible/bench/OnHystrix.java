package dev.fusible.bench;

import com.netflix.hystrix.HystrixCommand;
import com.netflix.hystrix.HystrixCommandGroupKey;
import com.netflix.hystrix.HystrixCommandKey;
import com.netflix.hystrix.HystrixCommandProperties;
import com.netflix.hystrix.HystrixCommandProperties.ExecutionIsolationStrategy;
import com.netflix.hystrix.HystrixThreadPoolProperties;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Hystrix: half of at least ten calls. Its health is counted every half second, so it opens late.
 */
final class OnHystrix extends Subject {

  private static final Set<Row> OFFERED =
      EnumSet.of(
          Row.CLOSED,
          Row.CLOSED_2_THREADS,
          Row.EVERY_16TH_FAILS,
          Row.OPEN,
          Row.OPEN_DEEP,
          Row.SYNC_FREED);

  private static final AtomicInteger SEQUENCE = new AtomicInteger();
  private static final long HEALTH_MILLIS = 20;

  private final HystrixCommand.Setter setter;

  private OnHystrix(Row row, long limitMillis) {
    boolean limited = row.limit != Row.Limit.NONE;
    setter =
        HystrixCommand.Setter.withGroupKey(HystrixCommandGroupKey.Factory.asKey("bench"))
            .andCommandKey(
                HystrixCommandKey.Factory.asKey("clinica-sonrisa-" + SEQUENCE.incrementAndGet()))
            .andThreadPoolPropertiesDefaults(
                HystrixThreadPoolProperties.Setter().withCoreSize(10).withMaximumSize(10))
            .andCommandPropertiesDefaults(
                HystrixCommandProperties.Setter()
                    .withCircuitBreakerRequestVolumeThreshold(VOLUME)
                    .withCircuitBreakerErrorThresholdPercentage(100 * FAILURES / VOLUME)
                    .withCircuitBreakerSleepWindowInMilliseconds(
                        (int) TimeUnit.SECONDS.toMillis(WAIT_SECONDS))
                    .withMetricsHealthSnapshotIntervalInMilliseconds((int) HEALTH_MILLIS)
                    .withExecutionTimeoutEnabled(limited)
                    .withExecutionTimeoutInMilliseconds((int) limitMillis)
                    .withExecutionIsolationStrategy(
                        limited
                            ? ExecutionIsolationStrategy.THREAD
                            : ExecutionIsolationStrategy.SEMAPHORE));
  }

  static @Nullable Subject of(Row row, long limitMillis) {
    return OFFERED.contains(row) ? new OnHystrix(row, limitMillis) : null;
  }

  @Override
  String call(Operation<String> operation) {
    return new Command(setter, operation).execute();
  }

  @Override
  String callLimited(Operation<String> operation) {
    return new Command(setter, operation).execute();
  }

  private static final class Command extends HystrixCommand<String> {

    private final Operation<String> operation;

    Command(Setter setter, Operation<String> operation) {
      super(setter);
      this.operation = operation;
    }

    @Override
    protected String run() {
      return operation.get();
    }

    @Override
    protected String getFallback() {
      return SORRY;
    }
  }
}
