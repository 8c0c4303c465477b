package dev.fusible.jdbc;

import java.util.List;

/**
 * The few expressions in which the databases differ. An instant is whatever type the database's
 * table has for one; what goes in and comes out are milliseconds.
 */
interface Dialect {

  /** The table, with its schema if it has one. */
  String table();

  /** The instant at which the statement runs, by the database's clock. */
  String now();

  /** The instant from which wall clocks count. */
  String epoch();

  /** The instant {@code millis} after {@code instant}; null if either is. */
  String plus(String instant, String millis);

  /** The whole milliseconds from one instant to another; null if either is. */
  String between(String from, String to);

  /** What marks a row as changed by this statement. */
  String change();

  /** What follows a column that is to be among the names in a parameter that {@link #list} made. */
  String isListed();

  /** Names as one parameter; their alphabet has neither quotes nor commas. */
  String list(List<String> names);

  /**
   * What an insertion takes besides its parameters, from which it selects: empty or a comma and
   * more.
   */
  String turnToInsert();

  /** What an update takes besides its parameters to have the row to itself; likewise. */
  String turnToUpdate();

  /** Whether the update that returns this made a transition; {@code false} where nobody asks. */
  String isTransition();
}
