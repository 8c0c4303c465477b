package dev.fusible;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Makes the events of a circuit, where somebody hears them, and hands them to the dispatcher. */
final class CircuitEvents {

  private CircuitEvents() {}

  /** The event of a call that has ended; {@code null} if nobody would hear of it. */
  static @Nullable CallEvent ended(
      Circuit circuit, Outcome.Kind kind, long elapsedNanos, @Nullable Throwable error) {
    CircuitContext context = circuit.context();
    if (kind == Outcome.Kind.IGNORED || !circuit.isHeard()) {
      return null;
    }
    return new CallEvent(
        shown(circuit),
        Duration.ofNanos(elapsedNanos),
        kind == Outcome.Kind.TIMEOUT,
        error,
        context.time().now());
  }

  static void tell(Circuit circuit, @Nullable CallEvent event, Outcome outcome) {
    if (event == null) {
      return;
    }
    EventDispatcher events = circuit.context().events();
    if (outcome.isFailure()) {
      events.dispatchOfCall(circuit.listeners(), listener -> listener.onFailure(event));
    } else {
      events.dispatchOfCall(circuit.listeners(), listener -> listener.onSuccess(event));
    }
  }

  static void announce(Circuit circuit, MachineState from, MachineState to, String reason) {
    boolean closed = to.state() == CircuitBreakerState.CLOSED;
    StateChange change =
        new StateChange(
            shown(circuit),
            from.state(),
            to.state(),
            reason,
            closed ? from.failureCount() : to.failureCount(),
            to.lastErrorCode(),
            Objects.requireNonNull(to.lastStateChange()));
    List<CircuitBreakerListener> own = circuit.listeners();
    String upstream = circuit.isUpstream() ? CircuitId.upstream(circuit.businessId()) : null;
    circuit
        .context()
        .events()
        .dispatch(
            own,
            listener -> {
              if (listener instanceof EventLog log) {
                log.changed(change, upstream);
              } else {
                listener.onStateChange(change);
              }
            });
  }

  static void spoken(Circuit circuit, FallbackType type, String language) {
    if (circuit.isHeard()) {
      FallbackEvent event =
          new FallbackEvent(shown(circuit), type, language, circuit.context().time().now());
      circuit
          .context()
          .events()
          .dispatchOfCall(circuit.listeners(), listener -> listener.onFallback(event));
    }
  }

  private static String shown(Circuit circuit) {
    String id = circuit.businessId();
    return circuit.isUpstream() ? CircuitId.shown(id) : id;
  }
}
