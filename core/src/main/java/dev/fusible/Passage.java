package dev.fusible;

import java.util.function.UnaryOperator;

/**
 * What a call has to pass: its business's circuit alone, or its upstream's with it. A circuit is
 * its own passage, so that a look-up makes none.
 */
sealed interface Passage permits Circuit, TwoCircuits {

  /** The business's circuit; or an upstream's, for a call that has no business. */
  Circuit own();

  /** The same circuits, or what has taken the place of those that were evicted. */
  Passage present(UnaryOperator<Circuit> successor);

  /** The permit is the business's; the upstream's settles with it. */
  Admitted admit();
}
