package dev.fusible;

/** The outcomes that a {@link Rate} looks at. Immutable: adding one gives a new window. */
sealed interface Window {

  /** This window with one more outcome. */
  Window plus(boolean bad, long nowNanos);

  /** How many outcomes are in it. */
  int total();

  /** How many of them were bad. */
  int bad();

  static Window empty(Rate rate, long nowNanos) {
    return rate.period().isZero()
        ? new Calls(new long[(rate.calls() + 63) / 64], rate.calls(), 0, 0, 0)
        : new Period(
            new int[Period.SLICES],
            new int[Period.SLICES],
            nowNanos,
            0,
            Math.max(1, rate.period().toNanos() / Period.SLICES));
  }

  /** The last so many calls: a ring of bits. */
  record Calls(long[] bits, int size, int next, int total, int bad) implements Window {

    @Override
    public Window plus(boolean isBad, long nowNanos) {
      long[] copy = bits.clone();
      long mask = 1L << (next & 63);
      boolean leavingIsBad = total == size && (copy[next >> 6] & mask) != 0;
      if (isBad) {
        copy[next >> 6] |= mask;
      } else {
        copy[next >> 6] &= ~mask;
      }
      return new Calls(
          copy,
          size,
          next + 1 == size ? 0 : next + 1,
          Math.min(size, total + 1),
          bad + (isBad ? 1 : 0) - (leavingIsBad ? 1 : 0));
    }
  }

  /** The calls of the last so much time: a ring of slices, each a tenth of it. */
  record Period(int[] totals, int[] bads, long startNanos, long slice, long sliceNanos)
      implements Window {

    static final int SLICES = 10;

    @Override
    public Window plus(boolean isBad, long nowNanos) {
      int[] newTotals = totals.clone();
      int[] newBads = bads.clone();
      long now = Math.max(slice, (nowNanos - startNanos) / sliceNanos);
      for (long passed = Math.max(slice + 1, now - SLICES + 1); passed <= now; passed++) {
        newTotals[(int) (passed % SLICES)] = 0;
        newBads[(int) (passed % SLICES)] = 0;
      }
      newTotals[(int) (now % SLICES)]++;
      if (isBad) {
        newBads[(int) (now % SLICES)]++;
      }
      return new Period(newTotals, newBads, startNanos, now, sliceNanos);
    }

    @Override
    public int total() {
      return sum(totals);
    }

    @Override
    public int bad() {
      return sum(bads);
    }

    private static int sum(int[] counts) {
      int sum = 0;
      for (int count : counts) {
        sum += count;
      }
      return sum;
    }
  }
}
