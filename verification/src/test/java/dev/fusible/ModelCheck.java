package dev.fusible;

/** The model check alone, for a core with a deliberate defect. */
final class ModelCheck {

  private ModelCheck() {}

  public static void main(String[] arguments) {
    try {
      CircuitModel.explore(100);
    } catch (AssertionError found) {
      System.out.println(found.getMessage());
      System.exit(1);
    }
    System.exit(0);
  }
}
