package dev.fusible;

import java.util.List;

/**
 * One page of what changed in a store. Immutable.
 *
 * @param states the rows that changed, oldest change first; a row may appear again in a later page
 * @param cursor where the next page starts
 */
public record Page(List<CircuitBreakerStoreState> states, long cursor) {

  public Page {
    states = List.copyOf(states);
  }
}
