package dev.fusible.jdbc;

import static dev.fusible.jdbc.StoreSteps.LEASE;
import static dev.fusible.jdbc.StoreSteps.assertFails;
import static dev.fusible.jdbc.StoreSteps.closed;
import static dev.fusible.jdbc.StoreSteps.ids;
import static dev.fusible.jdbc.StoreSteps.join;
import static dev.fusible.jdbc.StoreSteps.open;
import static dev.fusible.jdbc.StoreSteps.written;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How a database is set up, what its roles may do, and how it is told when that was not done. */
class SupabaseSetUpTest {

  private static final String TABLE = "fusible.voice_circuit_breaker_state";

  private TestDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestDatabase.embedded();
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  private SupabaseCircuitBreakerStore store() {
    return SupabaseCircuitBreakerStore.connect(database.appUrl());
  }

  private static void execute(String url, String sql) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static void assertRefused(String url, String sql) {
    assertThatThrownBy(() -> execute(url, sql))
        .isInstanceOfSatisfying(
            SQLException.class,
            refused -> assertThat(refused.getSQLState()).as(sql).isEqualTo("42501"));
  }

  // Migrations.

  @Test
  void every_file_of_the_folder_is_run() throws Exception {
    assertThat(SupabaseMigrations.FILES).isSorted().isEqualTo(filesInFolder());
  }

  private static List<String> filesInFolder() throws Exception {
    try (Stream<Path> files = Files.list(folder())) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static Path folder() throws URISyntaxException {
    return Path.of(SupabaseMigrations.class.getResource("/supabase/migrations").toURI());
  }

  @Test
  void migrating_again_changes_nothing_whoever_did_it_before() throws Exception {
    try (SupabaseCircuitBreakerStore store = store()) {
      written(store.setState("b", open("b", 0)));
      // As Supabase's own tool does it.
      for (String file : SupabaseMigrations.FILES) {
        database.sql(Files.readString(folder().resolve(file)));
      }

      assertThat(SupabaseMigrations.migrate(database.ownerUrl()))
          .isEqualTo(SupabaseMigrations.FILES);

      assertThat(join(store.getState("b")).version()).isEqualTo(1);
      assertThat(join(store.selfTest())).isEmpty();
    }
  }

  @Test
  void two_who_migrate_at_once_take_turns() throws Exception {
    database.sql("drop schema fusible cascade");
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      Future<?> one = threads.submit(() -> SupabaseMigrations.migrate(database.ownerUrl()));
      Future<?> two = threads.submit(() -> SupabaseMigrations.migrate(database.ownerUrl()));
      one.get();
      two.get();
    } finally {
      threads.shutdown();
    }
    assertThat(database.value("select count(*) from " + TABLE)).isEqualTo("0");
  }

  @Test
  void a_schema_of_another_name_is_the_urls_current_schema() throws SQLException {
    String schema = "&currentSchema=voice_2";
    SupabaseMigrations.migrate(database.ownerUrl() + schema);
    try (SupabaseCircuitBreakerStore store =
        SupabaseCircuitBreakerStore.connect(database.appUrl() + schema)) {
      written(store.setState("b", open("b", 0)));
    }
    assertThat(database.value("select state from voice_2.voice_circuit_breaker_state"))
        .isEqualTo("OPEN");
    assertThat(database.value("select count(*) from " + TABLE)).isEqualTo("0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Voice", "a,b", "a;drop table x", "a-b", "1a"})
  void a_schema_that_would_need_quotes_is_refused(String schema) {
    String url = database.ownerUrl() + "&currentSchema=" + schema;
    assertThatThrownBy(() -> SupabaseMigrations.migrate(url))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> SupabaseCircuitBreakerStore.connect(url))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"postgresql://secret@host/db", "jdbc:sqlite:secret.db", "secret"})
  void another_url_is_refused_without_repeating_it(String url) {
    assertThatThrownBy(() -> SupabaseCircuitBreakerStore.connect(url))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("secret");
  }

  // Roles.

  @Test
  void supabases_own_roles_can_neither_read_nor_write() throws SQLException {
    // As on Supabase, where what is made in a schema may be granted to these by default.
    database.sql(
        """
        do $$ begin
          if not exists (select from pg_roles where rolname = 'anon') then
            create role anon nologin noinherit;
            create role authenticated nologin noinherit;
          end if;
        end $$;
        grant usage on schema fusible to anon, authenticated;
        grant all on fusible.voice_circuit_breaker_state to anon, authenticated;
        """);

    SupabaseMigrations.migrate(database.ownerUrl());

    for (String role : List.of("anon", "authenticated")) {
      for (String statement :
          List.of(
              "select * from " + TABLE,
              "insert into " + TABLE + " (business_id) values ('b')",
              "update " + TABLE + " set version = 7",
              "delete from " + TABLE,
              "create table fusible.mine ()")) {
        assertRefused(database.ownerUrl(), "set role " + role + "; " + statement);
      }
    }
  }

  @Test
  void the_application_can_neither_delete_nor_change_the_table() {
    for (String statement :
        List.of(
            "delete from " + TABLE,
            "truncate " + TABLE,
            "drop table " + TABLE,
            "alter table " + TABLE + " disable row level security",
            "create table fusible.mine ()")) {
      assertRefused(database.appUrl(), statement);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "a/b", "é", "x\n"})
  void the_table_itself_refuses_an_id_outside_of_the_alphabet(String id) {
    assertThatThrownBy(
            () -> database.sql("insert into " + TABLE + " (business_id) values ('" + id + "')"))
        .isInstanceOfSatisfying(
            SQLException.class, refused -> assertThat(refused.getSQLState()).isEqualTo("23514"));
  }

  // Defects.

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "drop policy fusible_app on fusible.voice_circuit_breaker_state | policy_missing",
        "revoke all on fusible.voice_circuit_breaker_state from fusible_app | grant_missing",
        "revoke all on schema fusible from fusible_app | grant_missing",
      })
  void a_defect_fails_everything_by_its_name_and_its_remedy_mends_it(String damage, String code)
      throws SQLException {
    try (CapturedLog log = CapturedLog.of(SupabaseCircuitBreakerStore.class);
        SupabaseCircuitBreakerStore store = store()) {
      written(store.setState("b", open("b", 0)));
      long cursor = join(store.changedSince(-1, 10)).cursor();
      database.sql(damage);

      assertFails(store.getState("b"), code);
      assertFails(store.getState("new"), code);
      assertFails(store.setState("b", closed("b", 1)), code);
      assertFails(store.setState("new", closed("new", 0)), code);
      assertFails(store.claimTrial("b", 1, "token", LEASE), code);
      assertFails(store.getStates(List.of("b", "new")), code);
      assertFails(store.changedSince(cursor, 10), code);
      assertFails(store.changedSince(-1, 10), code);

      StoreDefect defect = join(store.selfTest()).orElseThrow();
      assertThat(defect.code()).isEqualTo(code);
      assertThat(log.lines())
          .containsExactly(
              "The store is not set up as it should be event=store_defect errorCode="
                  + code
                  + " remedy="
                  + defect.remedy());
      database.sql(defect.remedy());
      assertThat(join(store.selfTest())).isEmpty();
      assertThat(written(store.setState("b", closed("b", 1))).version()).isEqualTo(2);
      assertThat(ids(join(store.changedSince(cursor, 10)))).containsExactly("b");
      database.sql(damage);
      assertFails(store.changedSince(cursor, 10), code);
      assertThat(log.lines()).hasSize(2);
    }
  }

  @Test
  void a_table_that_is_gone_is_named_and_back_again_when_it_is() throws SQLException {
    try (SupabaseCircuitBreakerStore store = store()) {
      long cursor = join(store.changedSince(-1, 10)).cursor();
      database.sql("drop table " + TABLE);
      assertFails(store.changedSince(cursor, 10), "table_missing");
      assertFails(store.setState("b", open("b", 0)), "table_missing");
      assertThat(join(store.selfTest()))
          .contains(new StoreDefect("table_missing", "./fusible migrate --store URL"));
      database.sql("drop schema fusible");
      assertFails(store.getStates(List.of("b")), "table_missing");

      SupabaseMigrations.migrate(database.ownerUrl());

      written(store.setState("b", open("b", 0)));
      assertThat(ids(join(store.changedSince(cursor, 10)))).containsExactly("b");
    }
  }

  @Test
  void an_update_that_is_only_filtered_away_is_no_lost_race() throws SQLException {
    try (SupabaseCircuitBreakerStore store = store()) {
      written(store.setState("b", open("b", 0)));
      database.sql("drop policy fusible_app on " + TABLE);
      database.sql(
          "create policy see on "
              + TABLE
              + " for select to public using (true);"
              + "create policy add on "
              + TABLE
              + " for insert to public with check (true)");

      assertThat(join(store.getState("b")).version()).isEqualTo(1);
      assertFails(store.setState("b", closed("b", 1)), "policy_missing");
      assertFails(store.claimTrial("b", 1, "token", LEASE), "policy_missing");
      assertThat(join(store.changedSince(-1, 10)).states()).isEmpty();
    }
  }

  @Test
  void a_missing_right_to_update_alone_is_told_at_the_start() throws SQLException {
    database.sql("revoke update on " + TABLE + " from fusible_app");
    try (CapturedLog log = CapturedLog.of(SupabaseCircuitBreakerStore.class);
        SupabaseCircuitBreakerStore store = store()) {
      await().untilAsserted(() -> assertThat(log.lines()).hasSize(1));
      assertThat(log.lines().get(0)).contains("errorCode=grant_missing").contains("grant usage on");
      assertThat(join(store.getState("b")).version()).isEqualTo(1);
      assertFails(store.setState("b", closed("b", 1)), "grant_missing");
      assertThat(log.lines()).hasSize(1);
    }
  }

  @Test
  void a_table_without_row_level_security_or_a_role_above_it_is_no_defect() throws SQLException {
    try (SupabaseCircuitBreakerStore owner =
        SupabaseCircuitBreakerStore.connect(database.ownerUrl())) {
      database.sql("drop policy fusible_app on " + TABLE);
      assertThat(join(owner.selfTest())).isEmpty();
      assertThat(join(owner.getState("b")).version()).isEqualTo(1);
    }
    database.sql("alter table " + TABLE + " disable row level security");
    try (SupabaseCircuitBreakerStore store = store()) {
      assertThat(join(store.selfTest())).isEmpty();
      assertThat(join(store.getState("b")).version()).isEqualTo(1);
    }
  }
}
