package dev.fusible.gateway;

import dev.fusible.CircuitBreakerConfig;
import dev.fusible.CircuitBreakerConfig.Builder;
import dev.fusible.TripPolicy;
import java.time.Duration;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Understands {@code breaker}. What a value must be is asked of the core, which says so itself. */
final class BreakerReader {

  private static final String CONSECUTIVE_FAILURES = "consecutiveFailures";

  private final Section section;
  private final Builder builder = CircuitBreakerConfig.builder();

  private BreakerReader(Section section) {
    this.section = section;
  }

  static CircuitBreakerConfig read(Section section) {
    BreakerReader reader = new BreakerReader(section);
    reader.readAll();
    return reader.together();
  }

  private void readAll() {
    set("failureThreshold", Values::wholeNumber, Builder::failureThreshold);
    set("volumeThreshold", Values::wholeNumber, Builder::volumeThreshold);
    set("recoveryTimeout", Values::duration, Builder::recoveryTimeout);
    set("timeout", Values::durationOrZero, Builder::timeout);
    set("trialPatience", Values::duration, Builder::trialPatience);
    set("recoveryBackoff", Values::number, Builder::recoveryBackoff);
    set("maxRecoveryTimeout", Values::duration, Builder::maxRecoveryTimeout);
    TripPolicy policy =
        section.holdsKeys("tripPolicy")
            ? rate()
            : section.value("tripPolicy", BreakerReader::namedPolicy);
    if (policy != null) {
      builder.tripPolicy(policy);
    }
  }

  private <T> void set(String key, Section.Parser<T> parser, BiConsumer<Builder, T> setter) {
    T value = section.value(key, parser);
    if (value == null) {
      return;
    }
    try {
      Builder alone = CircuitBreakerConfig.builder();
      setter.accept(alone, value);
      CircuitBreakerConfig unused = alone.build();
      setter.accept(builder, value);
    } catch (IllegalArgumentException refused) {
      complain(section, refused);
    }
  }

  /** Some values are only wrong beside others. */
  private CircuitBreakerConfig together() {
    try {
      return builder.build();
    } catch (IllegalArgumentException refused) {
      complain(section, refused);
      return CircuitBreakerConfig.defaults();
    }
  }

  private static TripPolicy namedPolicy(String text) throws Wrong {
    if (!text.equals(CONSECUTIVE_FAILURES)) {
      throw new Wrong(
          "must be " + CONSECUTIVE_FAILURES + ", or hold the keys rate and calls or period");
    }
    return TripPolicy.consecutiveFailures();
  }

  private @Nullable TripPolicy rate() {
    Section policy = section.section("tripPolicy");
    Double rate =
        policy.required(
            "rate", Values::number, "write the share of bad calls that opens, such as 0.5");
    Integer calls = policy.value("calls", Values::wholeNumber);
    Duration period = policy.value("period", Values::duration);
    Duration slowerThan = policy.value("slowerThan", Values::duration);
    if (policy.has("calls") == policy.has("period")) {
      section.complain(
          "tripPolicy", "must have either calls or period: how many calls, or how long, count");
      return null;
    }
    if (rate == null) {
      return null;
    }
    try {
      if (calls != null) {
        return slowerThan == null
            ? TripPolicy.failureRate(rate, calls)
            : TripPolicy.slowCalls(rate, slowerThan, calls);
      }
      if (period != null) {
        return slowerThan == null
            ? TripPolicy.failureRate(rate, period)
            : TripPolicy.slowCalls(rate, slowerThan, period);
      }
    } catch (IllegalArgumentException refused) {
      complain(policy, refused);
    }
    return null;
  }

  /** The core's complaints begin with the field's name. */
  private static void complain(Section section, IllegalArgumentException refused) {
    String[] fieldAndProblem = String.valueOf(refused.getMessage()).split(" ", 2);
    section.complain(fieldAndProblem[0], fieldAndProblem[1]);
  }
}
