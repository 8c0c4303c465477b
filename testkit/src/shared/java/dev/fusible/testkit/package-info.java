/** What tests of Fusible, and of what is built on it, need. */
@NullMarked
package dev.fusible.testkit;

import org.jspecify.annotations.NullMarked;
