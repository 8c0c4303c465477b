package dev.fusible.testkit;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What one request gets: the upstream's settings at the moment it arrived. */
record Behaviour(
    Fault fault,
    @Nullable String answer,
    @Nullable String model,
    @Nullable ToolCall toolCall,
    Duration pace,
    Duration slowBy,
    Duration dripEvery,
    Duration retryAfter) {}
