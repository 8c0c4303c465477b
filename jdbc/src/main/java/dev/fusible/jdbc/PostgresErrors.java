package dev.fusible.jdbc;

import dev.fusible.StoreException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Set;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** What PostgreSQL's errors are called here: from SQL states and classes, never from messages. */
final class PostgresErrors {

  static final String NOT_PERMITTED = "42501";

  /** After these, PostgreSQL's catalog tells more than the state does. */
  static final Set<String> OF_THE_SET_UP = Set.of(NOT_PERMITTED, "42P01", "3F000");

  private PostgresErrors() {}

  static StoreException exceptionOf(SQLException failure) {
    String code = codeOf(failure);
    return isOfRow(failure.getSQLState())
        ? StoreException.ofRow(code, failure)
        : new StoreException(code, failure);
  }

  /** A lock that was not to be had, a value that is no such value, or a constraint. */
  private static boolean isOfRow(@Nullable String state) {
    return state != null
        && (state.equals("55P03") || state.startsWith("22") || state.startsWith("23"));
  }

  static String codeOf(SQLException failure) {
    String state = failure.getSQLState();
    // A pool that could not connect hides why in the cause.
    if (state == null && failure.getCause() instanceof SQLException cause) {
      return codeOf(cause);
    }
    if (state == null) {
      return "timeout";
    }
    return switch (state) {
      case "25006" -> "readonly";
      case "3D000" -> "database_missing";
      case "3F000", "42P01" -> "table_missing";
      case NOT_PERMITTED -> "grant_missing";
      case "42703" -> "table_outdated";
      case "53100" -> "disk_full";
      case "53300" -> "too_many_connections";
      case "55P03" -> "locked";
      case "57014" -> "timeout";
      case "57P01", "57P02", "57P03" -> "shutting_down";
      default -> byClass(state, failure);
    };
  }

  private static String byClass(String state, SQLException failure) {
    return switch (state.substring(0, Math.min(2, state.length()))) {
      case "08" -> reasonOf(failure);
      case "28" -> "login_refused";
      case "58", "XX" -> "damaged";
      default -> "sql_" + state.toLowerCase(Locale.ROOT);
    };
  }

  private static String reasonOf(SQLException failure) {
    for (@Nullable Throwable t = failure.getCause(); t != null; t = t.getCause()) {
      if (t instanceof UnknownHostException) {
        return "host_unknown";
      }
      if (t instanceof SocketTimeoutException) {
        return "timeout";
      }
      if (t instanceof ConnectException || t instanceof NoRouteToHostException) {
        return "refused";
      }
      if (t instanceof SSLException) {
        return "tls";
      }
    }
    return "unreachable";
  }
}
