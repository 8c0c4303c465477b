package dev.fusible.testkit;

/** A scripted call of a tool. */
record ToolCall(String name, String arguments) {}
