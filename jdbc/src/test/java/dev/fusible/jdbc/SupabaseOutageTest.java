package dev.fusible.jdbc;

import static dev.fusible.jdbc.StoreSteps.LEASE;
import static dev.fusible.jdbc.StoreSteps.assertFails;
import static dev.fusible.jdbc.StoreSteps.closed;
import static dev.fusible.jdbc.StoreSteps.join;
import static dev.fusible.jdbc.StoreSteps.written;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.fusible.CircuitBreakerState;
import dev.fusible.CircuitBreakerStoreState;
import dev.fusible.Hold;
import dev.fusible.StoreException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.NoRouteToHostException;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.ds.PGSimpleDataSource;

/** A database that can't be reached or refuses: what comes out, and what does not. */
class SupabaseOutageTest {

  private static final String CANARY = "canary-4711";

  /** The first one of a run starts the server, which must count against no limit. */
  @BeforeAll
  static void startServer() throws SQLException {
    TestDatabase.embedded().close();
  }

  @ParameterizedTest
  @CsvSource({
    "25006,readonly", "3D000,database_missing", "3F000,table_missing", "42P01,table_missing",
    "42501,grant_missing", "42703,table_outdated", "53100,disk_full", "53300,too_many_connections",
    "55P03,locked", "57014,timeout", "57P01,shutting_down", "57P03,shutting_down",
    "28P01,login_refused", "28000,login_refused", "08006,unreachable", "58030,damaged",
    "XX001,damaged", "23514,sql_23514", "4,sql_4"
  })
  void a_state_comes_out_as_a_word(String state, String code) {
    assertThat(PostgresErrors.codeOf(new SQLException(CANARY, state))).isEqualTo(code);
  }

  @ParameterizedTest
  @CsvSource({
    "55P03,true",
    "23514,true",
    "22003,true",
    "42P01,false",
    "57014,false",
    "40001,false"
  })
  void what_is_wrong_with_one_row_is_no_outage(String state, boolean ofRow) {
    StoreException exception = PostgresErrors.exceptionOf(new SQLException(CANARY, state));
    assertThat(exception.isOfRow()).isEqualTo(ofRow);
    assertThat(exception).hasMessageNotContaining(CANARY);
  }

  static Stream<Arguments> reasons() {
    return Stream.of(
        Arguments.of(new UnknownHostException(CANARY), "host_unknown"),
        Arguments.of(new ConnectException(CANARY), "refused"),
        Arguments.of(new NoRouteToHostException(CANARY), "refused"),
        Arguments.of(new SocketTimeoutException(CANARY), "timeout"),
        Arguments.of(new SSLHandshakeException(CANARY), "tls"),
        Arguments.of(new IOException(new IOException(CANARY)), "unreachable"));
  }

  @ParameterizedTest
  @MethodSource("reasons")
  void why_there_is_no_connection_comes_out_through_the_pools_wrapping(
      IOException reason, String code) {
    SQLException driver = new SQLException(CANARY, "08001", reason);
    assertThat(PostgresErrors.codeOf(driver)).isEqualTo(code);
    SQLException pool = new SQLTransientConnectionException(CANARY, null, driver);
    assertThat(PostgresErrors.codeOf(pool)).isEqualTo(code);
  }

  @Test
  void a_pool_that_does_not_know_why_had_no_connection_in_time() {
    assertThat(PostgresErrors.codeOf(new SQLTransientConnectionException(CANARY)))
        .isEqualTo("timeout");
  }

  @Test
  void a_server_that_is_not_there_fails_operations_and_not_the_start() throws IOException {
    int port;
    try (ServerSocket closed = new ServerSocket(0)) {
      port = closed.getLocalPort();
    }
    try (SupabaseCircuitBreakerStore store =
        SupabaseCircuitBreakerStore.connect(
            "jdbc:postgresql://127.0.0.1:" + port + "/postgres?user=u&password=" + CANARY)) {
      assertFails(store.getState("b"), "refused");
      assertFails(store.selfTest(), "refused");
    }
  }

  @Test
  void a_login_or_a_database_that_is_refused_is_told_by_its_name() throws SQLException {
    try (TestDatabase database = TestDatabase.embedded()) {
      String app = database.appUrl();
      try (SupabaseCircuitBreakerStore stranger =
              SupabaseCircuitBreakerStore.connect(app.replace("fusible_app", "stranger"));
          SupabaseCircuitBreakerStore elsewhere =
              SupabaseCircuitBreakerStore.connect(app.replace("/fusible_", "/nowhere_"))) {
        assertFails(stranger.getState("b"), "login_refused");
        assertFails(elsewhere.getState("b"), "database_missing");
      }
    }
  }

  /** As when the server is stopped: its port still answers, and nothing comes. */
  @Test
  @Timeout(60)
  void a_server_that_is_frozen_holds_no_operation_for_long() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        SupabaseCircuitBreakerStore store =
            SupabaseCircuitBreakerStore.connect(
                "jdbc:postgresql://127.0.0.1:" + silent.getLocalPort() + "/postgres?user=u")) {
      assertThatThrownBy(() -> join(store.getState("b")))
          .hasMessageMatching(".*(timeout|unreachable)");
    }
  }

  @Test
  @Timeout(60)
  void no_caller_waits_for_a_source_that_hangs_and_who_has_given_up_is_not_served()
      throws Exception {
    CountDownLatch freed = new CountDownLatch(1);
    try (TestDatabase database = TestDatabase.embedded()) {
      SupabaseCircuitBreakerStore store =
          SupabaseCircuitBreakerStore.connect(new HangingSource(database.appUrl(), freed));
      CompletableFuture<CircuitBreakerStoreState> late = store.getState("b").toCompletableFuture();
      List<CompletableFuture<CircuitBreakerStoreState>> queued =
          Stream.generate(() -> store.getState("b").toCompletableFuture()).limit(20).toList();

      store.close();

      assertThat(late).isNotDone();
      assertFails(store.getState("b"), "closed");
      TimeUnit.MILLISECONDS.sleep(100);
      freed.countDown();
      assertThat(late.get().version()).isEqualTo(1);
      assertFails(queued.get(19), "overloaded");
    }
  }

  private static final class HangingSource extends PGSimpleDataSource {
    private static final long serialVersionUID = 1L;
    private final transient CountDownLatch freed;

    HangingSource(String url, CountDownLatch freed) {
      setURL(url);
      this.freed = freed;
    }

    @Override
    public Connection getConnection() throws SQLException {
      try {
        freed.await();
      } catch (InterruptedException interrupted) {
        throw new SQLException(interrupted);
      }
      return super.getConnection();
    }
  }

  @Test
  void no_value_of_a_row_no_id_and_no_password_gets_into_a_log_or_an_exception()
      throws SQLException {
    Records jul = new Records();
    Logger driver = Logger.getLogger("org.postgresql");
    driver.addHandler(jul);
    try (TestDatabase database = TestDatabase.embedded();
        CapturedLog log = new CapturedLog("ROOT", Level.DEBUG)) {
      String url = database.appUrl();
      try (SupabaseCircuitBreakerStore store = SupabaseCircuitBreakerStore.connect(url)) {
        String table = "fusible.voice_circuit_breaker_state";
        written(store.setState(CANARY, row(0)));
        database.sql(
            "alter table "
                + table
                + " add constraint refuses check (failure_count < 100) not valid");
        Throwable refused = failureOf(store.setState(CANARY, row(1)).toCompletableFuture());
        database.sql("alter table " + table + " drop constraint refuses");
        database.sql("update " + table + " set state = '" + CANARY + "'");
        Throwable unreadable = failureOf(store.setState(CANARY, row(1)).toCompletableFuture());
        database.sql("drop table " + table);
        Throwable missing = failureOf(store.claimTrial(CANARY, 1, CANARY, LEASE));
        database.sql("alter role fusible_app nologin");
        database.sql(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'fusible_app'");
        Throwable loggedOut = failureOf(store.getStates(List.of(CANARY)));
        database.sql("alter role fusible_app login");

        for (Throwable failure : List.of(refused, unreadable, missing, loggedOut)) {
          for (Throwable t = failure; t != null; t = t.getCause()) {
            assertThat(t.toString()).doesNotContain(CANARY);
          }
        }
      }
      String password = url.substring(url.indexOf("password=") + "password=".length());
      assertThat(log.lines()).isNotEmpty();
      assertThat(String.join("\n", log.lines()))
          .doesNotContain(CANARY)
          .doesNotContain(password)
          .doesNotContain("insert into", "INSERT INTO", "UPDATE fusible");
      assertThat(jul.text.toString()).doesNotContain(CANARY).doesNotContain(password);
    } finally {
      driver.removeHandler(jul);
    }
  }

  private static Throwable failureOf(CompletionStage<?> stage) {
    try {
      throw new AssertionError("did not fail: " + join(stage));
    } catch (CompletionException failure) {
      return failure.getCause();
    }
  }

  private static CircuitBreakerStoreState row(long version) {
    return new CircuitBreakerStoreState(
        CANARY,
        CircuitBreakerState.CLOSED,
        100,
        1,
        1,
        version,
        null,
        0,
        null,
        CANARY,
        Hold.NONE,
        CANARY,
        Duration.ofSeconds(1),
        CANARY);
  }

  private static final class Records extends Handler {
    private final StringBuffer text = new StringBuffer();

    @Override
    public void publish(LogRecord entry) {
      text.append(entry.getMessage()).append(entry.getThrown()).append('\n');
      if (entry.getParameters() != null) {
        text.append(List.of(entry.getParameters()));
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @Test
  void it_goes_on_when_the_server_has_ended_its_connections() throws SQLException {
    try (TestDatabase database = TestDatabase.embedded();
        SupabaseCircuitBreakerStore store =
            SupabaseCircuitBreakerStore.connect(database.appUrl())) {
      written(store.setState("b", closed("b", 0)));
      database.sql(
          "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'fusible_app'");

      long version = 1;
      while (version == 1) {
        // The pool finds out about its connections one by one.
        try {
          version = written(store.setState("b", closed("b", version))).version();
        } catch (CompletionException connectionWasGone) {
          assertThat(connectionWasGone.getCause()).isInstanceOf(StoreException.class);
        }
      }
      assertThat(version).isEqualTo(2);
    }
  }
}
