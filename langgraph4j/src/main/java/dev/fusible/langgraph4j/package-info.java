/**
 * Guards the nodes of a LangGraph4j graph.
 *
 * <p>The way of a node's call, by the names of the files:
 *
 * <pre>
 * GuardedNodes (addTo) → GuardHook → NodeCall → NodeTask → the node's action
 *                          ↑            ↓
 *                     GraphShape   GuardedGenerator ← GeneratorPublisher ← the node's generator
 * </pre>
 */
@NullMarked
package dev.fusible.langgraph4j;

import org.jspecify.annotations.NullMarked;
