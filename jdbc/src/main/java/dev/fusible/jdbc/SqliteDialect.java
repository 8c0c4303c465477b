package dev.fusible.jdbc;

import java.util.List;

/** SQLite: instants are milliseconds since 1970, and writers take turns. */
final class SqliteDialect implements Dialect {

  static final String TABLE = "voice_circuit_breaker_state";

  /**
   * States and holds are checked when they are read, not here: a later version may know more of
   * them, and both may run on one file.
   */
  static final List<String> SCHEMA =
      List.of(
          """
          CREATE TABLE IF NOT EXISTS voice_circuit_breaker_state (
            kind TEXT NOT NULL CHECK (kind IN ('business', 'upstream')),
            business_id TEXT NOT NULL
              CHECK (length(business_id) BETWEEN 1 AND 128
                AND business_id NOT GLOB '*[^A-Za-z0-9._:-]*'),
            state TEXT NOT NULL,
            failure_count INTEGER NOT NULL,
            request_count INTEGER NOT NULL,
            generation INTEGER NOT NULL,
            version INTEGER NOT NULL,
            opened_at INTEGER,
            failed_trials INTEGER NOT NULL,
            last_state_change INTEGER,
            last_error_code TEXT,
            hold TEXT NOT NULL,
            trial_token TEXT,
            trial_until INTEGER,
            write_id TEXT NOT NULL,
            change INTEGER NOT NULL,
            evidence TEXT,
            evidence_at INTEGER,
            PRIMARY KEY (kind, business_id)
          ) STRICT, WITHOUT ROWID
          """,
          """
          CREATE UNIQUE INDEX IF NOT EXISTS voice_circuit_breaker_state_change
            ON voice_circuit_breaker_state (change)
          """);

  @Override
  public String table() {
    return TABLE;
  }

  /** The same for the whole statement, and taken once the statement has its turn to write. */
  @Override
  public String now() {
    return "CAST(round(unixepoch('subsec') * 1000) AS integer)";
  }

  @Override
  public String epoch() {
    return "0";
  }

  @Override
  public String plus(String instant, String millis) {
    return instant + " + " + millis;
  }

  @Override
  public String between(String from, String to) {
    return to + " - " + from;
  }

  /**
   * One more than the last change, since no two statements write at a time; but never less than the
   * clock, so that a number does not come twice when somebody has deleted the last row.
   */
  @Override
  public String change() {
    String last = "(SELECT coalesce(max(change), 0) FROM " + TABLE + ")";
    return "max(" + last + " + 1, " + now() + " * 1000)";
  }

  @Override
  public String isListed() {
    return "IN (SELECT value FROM json_each(?))";
  }

  @Override
  public String list(List<String> names) {
    return names.isEmpty() ? "[]" : "[\"" + String.join("\",\"", names) + "\"]";
  }

  /** A statement that writes has the whole file to itself. */
  @Override
  public String turnToInsert() {
    return "";
  }

  @Override
  public String turnToUpdate() {
    return "";
  }

  /** The other processes look at the file. */
  @Override
  public String isTransition() {
    return "false";
  }
}
