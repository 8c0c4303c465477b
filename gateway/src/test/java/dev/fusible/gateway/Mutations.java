package dev.fusible.gateway;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * What fuzz tests send: something valid, broken in a few places. The same seeds always, so that a
 * gate can be trusted; {@code -Dfuzz.rounds} and {@code -Dfuzz.seed} search further.
 */
final class Mutations {

  private static final List<String> NASTY =
      List.of(
          "null",
          "{}",
          "[]",
          "true",
          "-1",
          "1e999",
          "9".repeat(400),
          "\"",
          "\\",
          "\\u0000",
          "\0",
          "\r\n",
          "\r",
          "\n\n",
          "data:",
          "data: [DONE]\n\n",
          ":",
          ": ",
          "- ",
          "\t",
          "*a",
          "&a ",
          "!!java.net.URL ",
          "<<: ",
          "---\n",
          "é",
          "\uFEFF",
          "\uD83D\uDE00",
          "%00",
          "{",
          "}",
          "[",
          "[".repeat(3_000),
          "{\"a\":".repeat(3_000),
          "a".repeat(5_000),
          "Content-Length: 7\r\n",
          "Transfer-Encoding: chunked\r\n",
          "HTTP/1.1",
          "\"index\":-1",
          "\"tool_calls\":");

  private final Random random;

  private Mutations(Random random) {
    this.random = random;
  }

  interface Round {
    void with(Mutations mutations) throws Exception;
  }

  /** Runs rounds; what fails says the seed that replays it. */
  static void rounds(int usual, Round round) {
    long first = Long.getLong("fuzz.seed", 1);
    int rounds = Integer.getInteger("fuzz.rounds", usual);
    for (long seed = first; seed < first + rounds; seed++) {
      try {
        round.with(new Mutations(new Random(seed)));
      } catch (Throwable failure) {
        throw new AssertionError("replay with -Dfuzz.rounds=1 -Dfuzz.seed=" + seed, failure);
      }
    }
  }

  int below(int bound) {
    return random.nextInt(bound);
  }

  String oneOf(List<String> all) {
    return all.get(below(all.size()));
  }

  String broken(String valid) {
    return new String(broken(valid.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8);
  }

  /** Up to four things go wrong with it. */
  byte[] broken(byte[] valid) {
    byte[] bytes = valid;
    for (int left = 1 + below(4); left > 0; left--) {
      bytes = brokenOnce(bytes);
    }
    return bytes;
  }

  private byte[] brokenOnce(byte[] bytes) {
    int from = below(bytes.length + 1);
    int to = Math.min(bytes.length, from + 1 + below(20));
    return switch (below(6)) {
      case 0 -> joined(bytes, from, new byte[0], to);
      case 1 -> joined(bytes, from, oneOf(NASTY).getBytes(StandardCharsets.UTF_8), from);
      case 2 -> joined(bytes, from, oneOf(NASTY).getBytes(StandardCharsets.UTF_8), to);
      case 3 -> joined(bytes, to, Arrays.copyOfRange(bytes, from, to), to);
      case 4 -> Arrays.copyOf(bytes, from);
      default -> joined(bytes, from, new byte[] {(byte) below(256)}, to);
    };
  }

  /** The bytes before {@code from}, what is between, and those after {@code to}. */
  private static byte[] joined(byte[] bytes, int from, byte[] between, int to) {
    byte[] all = Arrays.copyOf(bytes, from + between.length + bytes.length - to);
    System.arraycopy(between, 0, all, from, between.length);
    System.arraycopy(bytes, to, all, from + between.length, bytes.length - to);
    return all;
  }
}
