package dev.fusible;

/** Which sentence is spoken when the answer can't come. Immutable but for its rotation; thread-safe. */
public final class FallbackResponses {

  private FallbackResponses() {}

  /** The sentences that come with Fusible: es-MX and en-US. */
  public static FallbackResponses builtIn() {
    return new FallbackResponses();
  }

  /** A sentence of {@code type} in the language nearest to {@code language}. Never throws. */
  public FallbackResponse getFallbackResponse(FallbackType type, String language) {
    throw new UnsupportedOperationException();
  }
}
