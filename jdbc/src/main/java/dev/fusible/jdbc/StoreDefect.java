package dev.fusible.jdbc;

/**
 * What is wrong with how a database was set up. Immutable.
 *
 * @param code {@code table_missing}, {@code grant_missing} or {@code policy_missing}
 * @param remedy the line that mends it: a command, or SQL for the table's owner
 */
public record StoreDefect(String code, String remedy) {}
