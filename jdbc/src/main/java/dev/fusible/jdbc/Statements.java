package dev.fusible.jdbc;

/**
 * The SQL, in what the databases have in common. Every write is one statement that compares the
 * version and returns the row that it wrote. Immutable.
 */
final class Statements {

  /** Of a row that fails this, nothing is believed and nothing is written over. */
  private static final String READABLE =
      """
      (state IN ('CLOSED', 'OPEN', 'HALF_OPEN') AND hold IN ('NONE', 'OPEN', 'CLOSED')
      AND version > 0 AND generation >= 0
      AND failure_count BETWEEN 0 AND 2147483647 AND request_count BETWEEN 0 AND 2147483647
      AND failed_trials BETWEEN 0 AND 2147483647
      AND (state <> 'OPEN' OR opened_at IS NOT NULL))""";

  private static final String ROW =
      """
      kind, business_id, {readable} AS is_readable, state, failure_count, request_count,
      generation, version, {opened_for} AS opened_for, failed_trials,
      {state_changed} AS state_changed, last_error_code, hold, trial_token,
      {trial_remaining} AS trial_remaining, write_id, evidence,
      {evidence_age} AS evidence_age""";

  private static final String GIVEN =
      """
      WITH given AS (SELECT
        CAST(? AS text) AS new_kind,
        CAST(? AS text) AS new_id,
        CAST(? AS bigint) AS old_version,
        CAST(? AS text) AS new_write_id,
        CAST(? AS text) AS new_token,
        CAST(? AS bigint) AS new_lease,
        CAST(? AS text) AS new_state,
        CAST(? AS integer) AS new_failures,
        CAST(? AS integer) AS new_requests,
        CAST(? AS bigint) AS new_generation,
        CAST(? AS bigint) AS new_age,
        CAST(? AS integer) AS new_failed_trials,
        CAST(? AS bigint) AS new_state_changed,
        CAST(? AS text) AS new_error_code,
        CAST(? AS text) AS new_hold,
        CAST(? AS text) AS new_evidence)
      """;

  private final Dialect dialect;
  private final String row;

  Statements(Dialect dialect) {
    this.dialect = dialect;
    this.row =
        ROW.replace("{readable}", READABLE)
            .replace("{opened_for}", dialect.between("opened_at", dialect.now()))
            .replace("{state_changed}", dialect.between(dialect.epoch(), "last_state_change"))
            .replace("{trial_remaining}", dialect.between(dialect.now(), "trial_until"))
            .replace("{evidence_age}", dialect.between("evidence_at", dialect.now()));
  }

  /** Takes a kind and a name. */
  String select() {
    return filled("SELECT {row} FROM {table} WHERE kind = ? AND business_id = ?");
  }

  /** Takes a list of businesses and one of upstreams. */
  String selectMany() {
    return filled(
        """
        SELECT {row} FROM {table}
        WHERE kind = 'business' AND business_id {is_listed}
          OR kind = 'upstream' AND business_id {is_listed}
        """);
  }

  /** Takes all that is given; writes version 1 if there is no row yet. */
  String insert() {
    return filled(
        GIVEN
            + """
            INSERT INTO {table} (kind, business_id, state, failure_count, request_count,
              generation, version, opened_at, failed_trials, last_state_change, last_error_code,
              hold, trial_token, trial_until, write_id, change, evidence, evidence_at)
            SELECT new_kind, new_id, new_state, new_failures, new_requests,
              new_generation, 1, {opened_at}, new_failed_trials, {last_state_change},
              new_error_code, new_hold, new_token, {trial_until}, new_write_id, {change},
              new_evidence, {now}
            FROM given{turn_to_insert} WHERE true
            ON CONFLICT DO NOTHING
            RETURNING {row}, generation > 0 AS is_transition
            """);
  }

  /** Takes all that is given. */
  String update() {
    return filled(
        GIVEN
            + """
            UPDATE {table} SET state = new_state, failure_count = new_failures,
              request_count = new_requests, generation = new_generation,
              version = old_version + 1, opened_at = {opened_at},
              failed_trials = new_failed_trials, last_state_change = {last_state_change},
              last_error_code = new_error_code, hold = new_hold, trial_token = new_token,
              trial_until = {trial_until}, write_id = new_write_id, change = {change},
              evidence = new_evidence, evidence_at = {now}
            FROM given{turn_to_update}
            WHERE kind = new_kind AND business_id = new_id AND version = old_version
              AND {readable}
            RETURNING {row}, {is_transition} AS is_transition
            """);
  }

  /** Takes a kind, a name, a version, a token and the lease. */
  String claim() {
    return filled(
        """
        WITH given AS (SELECT
          CAST(? AS text) AS new_kind,
          CAST(? AS text) AS new_id,
          CAST(? AS bigint) AS old_version,
          CAST(? AS text) AS new_token,
          CAST(? AS bigint) AS new_lease)
        UPDATE {table} SET state = 'HALF_OPEN', generation = generation + 1,
          version = old_version + 1, opened_at = NULL, last_state_change = {now},
          trial_token = new_token, trial_until = {trial_until}, write_id = new_token,
          change = {change}
        FROM given{turn_to_update}
        WHERE kind = new_kind AND business_id = new_id AND version = old_version
          AND {readable}
          AND (trial_token IS NULL OR trial_until IS NULL OR trial_until <= {now})
        RETURNING {row}, true AS is_transition
        """);
  }

  /** The statement with the database's own expressions in place of the names in braces. */
  String filled(String statement) {
    return statement
        .replace("{row}", row)
        .replace("{readable}", READABLE)
        .replace("{opened_at}", dialect.plus(dialect.now(), "(-new_age)"))
        .replace("{last_state_change}", dialect.plus(dialect.epoch(), "new_state_changed"))
        .replace("{trial_until}", dialect.plus(dialect.now(), "new_lease"))
        .replace("{is_listed}", dialect.isListed())
        .replace("{change}", dialect.change())
        .replace("{turn_to_insert}", dialect.turnToInsert())
        .replace("{turn_to_update}", dialect.turnToUpdate())
        .replace("{is_transition}", dialect.isTransition())
        .replace("{now}", dialect.now())
        .replace("{table}", dialect.table());
  }
}
