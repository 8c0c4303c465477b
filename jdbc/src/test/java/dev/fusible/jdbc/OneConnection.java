package dev.fusible.jdbc;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.Semaphore;
import org.postgresql.ds.common.BaseDataSource;

/** A pool of one connection, which can be looked into. */
final class OneConnection extends BaseDataSource implements javax.sql.DataSource, AutoCloseable {

  private static final long serialVersionUID = 1L;

  private final transient Connection connection;
  private final transient Semaphore free = new Semaphore(1);

  OneConnection(String url) throws SQLException {
    connection = DriverManager.getConnection(url + "&prepareThreshold=0");
  }

  void setAutoCommit(boolean autoCommit) throws SQLException {
    connection.setAutoCommit(autoCommit);
  }

  String value(String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(query)) {
      return result.next() ? result.getString(1) : null;
    }
  }

  @Override
  public Connection getConnection() {
    free.acquireUninterruptibly();
    return (Connection)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("close")) {
                free.release();
                return null;
              }
              return method.invoke(connection, arguments);
            });
  }

  @Override
  public String getDescription() {
    return "one connection";
  }

  @Override
  public boolean isWrapperFor(Class<?> type) {
    return false;
  }

  @Override
  public <T> T unwrap(Class<T> type) throws SQLException {
    throw new SQLException("wraps nothing");
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
