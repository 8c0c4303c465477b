/**
 * What a guarded call costs, beside other libraries in the same run. {@link
 * dev.fusible.bench.Subject}s are libraries set to one rule, {@link dev.fusible.bench.Row}s are
 * what is measured, {@link dev.fusible.bench.Check} sees to it that each subject does its work, and
 * {@link dev.fusible.bench.Compare} prints the table.
 */
@NullMarked
package dev.fusible.bench;

import org.jspecify.annotations.NullMarked;
