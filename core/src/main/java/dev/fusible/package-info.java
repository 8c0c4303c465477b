/**
 * Keeps a voice agent talking when what it depends on fails.
 *
 * <p>The way of a call, by the names of the files:
 *
 * <pre>
 * VoiceCircuitBreaker → Attempt (the permit) → TimeLimit → Outcome → StateMachine
 *                                                                        ↓
 *                FallbackResponses ← events (EventDispatcher) ← StoreSync → CircuitBreakerStore
 * </pre>
 */
@NullMarked
package dev.fusible;

import org.jspecify.annotations.NullMarked;
