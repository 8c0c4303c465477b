package dev.fusible.bench;

/** No guard: what the measuring itself costs. Closed, it calls; open, it does not. */
final class Bare extends Subject {

  private int failures;

  @Override
  String call(Operation<String> operation) {
    if (failures == VOLUME) {
      return SORRY;
    }
    try {
      return operation.get();
    } catch (RuntimeException failure) {
      failures++;
      return SORRY;
    }
  }
}
