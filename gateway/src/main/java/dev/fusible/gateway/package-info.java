/** The server that any voice agent puts in front of its LLM. */
@NullMarked
package dev.fusible.gateway;

import org.jspecify.annotations.NullMarked;
