package dev.fusible.gateway;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusible.ExecutionResult;

/** What a turn's answer is made of, on its way from the upstream to the caller. */
sealed interface Piece {

  /** Whether a text-to-speech could say something of it, or a tool be called. */
  boolean speakable();

  /** How many words begin in it. */
  int words();

  /**
   * A chunk of a streamed answer, to be passed on as it is.
   *
   * @param speakable whether it has content other than white space, or whole tool calls
   * @param words how many words begin in it
   */
  record Chunk(ObjectNode json, boolean speakable, int words) implements Piece {}

  /** An answer that does not stream. */
  record Whole(ObjectNode json) implements Piece {

    @Override
    public boolean speakable() {
      return true;
    }

    @Override
    public int words() {
      return 0;
    }
  }

  /** The sentence in place of what did not come: the last piece. */
  record Sentence(ExecutionResult.Fallback<Piece> fallback) implements Piece {

    @Override
    public boolean speakable() {
      return true;
    }

    @Override
    public int words() {
      return 0;
    }
  }
}
