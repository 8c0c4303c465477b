package dev.fusible.langgraph4j;

import org.bsc.langgraph4j.RunnableConfig;
import org.jspecify.annotations.Nullable;

/**
 * Whose run it is and in which language, by what a run's configuration says unless told otherwise.
 */
final class RunOwner {

  private RunOwner() {}

  static @Nullable String business(RunnableConfig config) {
    String named = metadata(config, "businessId");
    if (named != null) {
      return named;
    }
    String thread = config.threadId().orElse("");
    int at = thread.indexOf('@');
    return at < 0 ? null : thread.substring(0, at);
  }

  static @Nullable String language(RunnableConfig config) {
    return metadata(config, "language");
  }

  private static @Nullable String metadata(RunnableConfig config, String key) {
    return config.metadata(key).orElse(null) instanceof String text ? text : null;
  }
}
