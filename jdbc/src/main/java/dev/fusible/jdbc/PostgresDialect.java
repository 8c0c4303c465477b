package dev.fusible.jdbc;

import java.util.List;

/**
 * PostgreSQL: instants are {@code timestamptz}, and writers of one row wait for each other.
 *
 * <p>A statement that waits for a row has already computed what it will set: a lease of 15 s that
 * waited for 15 s would be written when it has run out. So each write first takes the row's lock,
 * in a part of its own, and reads the clock when it has it. It waits 200 ms at most; that limit is
 * set for the statement's own transaction, which leaves nothing behind on a connection that a
 * pooler hands to the next client.
 */
record PostgresDialect(String table) implements Dialect {

  private static final String PATIENCE =
      "(SELECT set_config('lock_timeout', '200ms', true) AS patience) AS impatient";

  @Override
  public String now() {
    return "clock_timestamp()";
  }

  @Override
  public String epoch() {
    return "timestamptz 'epoch'";
  }

  @Override
  public String plus(String instant, String millis) {
    return "(" + instant + " + " + millis + " * interval '1 millisecond')";
  }

  @Override
  public String between(String from, String to) {
    return "floor(extract(epoch FROM (" + to + " - " + from + ")) * 1000)::bigint";
  }

  @Override
  public String change() {
    return "pg_current_xact_id()";
  }

  @Override
  public String isListed() {
    return "= ANY (string_to_array(?, ','))";
  }

  @Override
  public String list(List<String> names) {
    return String.join(",", names);
  }

  @Override
  public String turnToInsert() {
    return ", " + PATIENCE;
  }

  @Override
  public String turnToUpdate() {
    return """
        , (SELECT locked.generation AS generation_before
          FROM given, %s, %s AS locked
          WHERE locked.kind = given.new_kind AND locked.business_id = given.new_id
            AND impatient.patience <> ''
          FOR UPDATE OF locked) AS holding"""
        .formatted(PATIENCE, table);
  }

  @Override
  public String isTransition() {
    return "generation <> generation_before";
  }
}
