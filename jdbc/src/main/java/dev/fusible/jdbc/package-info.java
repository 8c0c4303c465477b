/**
 * Stores that outlive the process: SQLite for one machine, PostgreSQL for many.
 *
 * <pre>
 * SqliteCircuitBreakerStore → JdbcCircuitBreakerStore (threads) → CircuitTable (statements) → Dialect
 * </pre>
 */
@NullMarked
package dev.fusible.jdbc;

import org.jspecify.annotations.NullMarked;
