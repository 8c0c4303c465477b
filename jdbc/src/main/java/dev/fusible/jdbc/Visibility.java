package dev.fusible.jdbc;

import java.sql.Connection;
import java.sql.SQLException;

/** Whether a row that was not found is really not there. */
interface Visibility {

  /** Of a database that hides nothing. */
  Visibility CERTAIN = connection -> {};

  /** Fails if rows may be there, and are only hidden or kept from being written. */
  void check(Connection connection) throws SQLException;
}
