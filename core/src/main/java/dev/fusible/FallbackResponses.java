package dev.fusible;

import org.jspecify.annotations.Nullable;

/** Stub. */
public final class FallbackResponses {

  private FallbackResponses() {}

  public static FallbackResponses builtIn() {
    return new FallbackResponses();
  }

  public FallbackResponse getFallbackResponse(FallbackType type, String language) {
    return getFallbackResponse(type, language, null, 0);
  }

  FallbackResponse getFallbackResponse(
      FallbackType type, String language, @Nullable String phone, int turn) {
    return new FallbackResponse("sorry " + turn, language, type);
  }
}
