package dev.fusible.jdbc;

import static dev.fusible.jdbc.StoreSteps.closed;
import static dev.fusible.jdbc.StoreSteps.ids;
import static dev.fusible.jdbc.StoreSteps.join;
import static dev.fusible.jdbc.StoreSteps.written;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.Page;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Transactions that commit in another order than they began, and readers who must miss none. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PostgresChangesTest {

  private static final String TABLE = "fusible.voice_circuit_breaker_state";

  private TestDatabase database;
  private SupabaseCircuitBreakerStore store;

  @BeforeAll
  void create() throws SQLException {
    database = TestDatabase.embedded();
  }

  @AfterAll
  void drop() throws SQLException {
    database.close();
  }

  @BeforeEach
  void open() throws SQLException {
    database.sql("truncate " + TABLE);
    store = SupabaseCircuitBreakerStore.connect(database.appUrl());
  }

  @AfterEach
  void close() {
    store.close();
  }

  private static String insert(String id) {
    return "insert into " + TABLE + " (business_id) values ('" + id + "')";
  }

  private void write(String id) {
    written(store.setState(id, closed(id, 0)));
  }

  @Test
  void a_transaction_that_commits_after_a_later_one_is_not_missed() throws SQLException {
    long cursor = join(store.changedSince(-1, 10)).cursor();
    try (Connection slow = database.connection();
        Statement statement = slow.createStatement()) {
      slow.setAutoCommit(false);
      statement.execute(insert("first"));
      write("second");

      Page before = join(store.changedSince(cursor, 10));
      Page meanwhile = join(store.changedSince(before.cursor(), 10));
      slow.commit();
      Page after = join(store.changedSince(meanwhile.cursor(), 10));

      assertThat(ids(before)).containsExactly("second");
      assertThat(meanwhile.states()).isEmpty();
      assertThat(ids(after)).containsExactly("first");
      assertThat(join(store.changedSince(after.cursor(), 10)).states()).isEmpty();
    }
  }

  @Test
  void a_transaction_that_was_under_way_at_the_present_end_comes_after_it() throws SQLException {
    try (Connection slow = database.connection();
        Statement statement = slow.createStatement()) {
      slow.setAutoCommit(false);
      statement.execute(insert("first"));
      write("second");
      long cursor = join(store.changedSince(-1, 10)).cursor();
      slow.commit();

      assertThat(ids(join(store.changedSince(cursor, 10)))).containsExactly("first");
    }
  }

  @Test
  void a_transaction_that_commits_behind_a_pass_comes_in_the_next() throws SQLException {
    long cursor = join(store.changedSince(-1, 10)).cursor();
    try (Connection slow = database.connection();
        Statement statement = slow.createStatement()) {
      slow.setAutoCommit(false);
      statement.execute(insert("behind"));
      List.of("a", "b", "c", "d").forEach(this::write);

      Page one = join(store.changedSince(cursor, 2));
      slow.commit();
      Page two = join(store.changedSince(one.cursor(), 3));
      Page three = join(store.changedSince(two.cursor(), 3));

      assertThat(ids(one)).containsExactly("a", "b");
      assertThat(ids(two)).containsExactly("c", "d");
      assertThat(ids(three)).containsExactly("behind");
    }
  }

  /** Each page is full for as long as the transaction is open, and the pass still ends. */
  @Test
  void one_who_never_commits_holds_nobody_up() throws SQLException {
    long cursor = join(store.changedSince(-1, 10)).cursor();
    try (Connection stuck = database.connection();
        Statement statement = stuck.createStatement()) {
      stuck.setAutoCommit(false);
      statement.execute(insert("stuck"));
      List<String> all = IntStream.range(0, 10).mapToObj(i -> "business-" + i).toList();
      all.forEach(this::write);

      List<String> seen = new ArrayList<>();
      Page page = join(store.changedSince(cursor, 3));
      while (!page.states().isEmpty()) {
        seen.addAll(ids(page));
        page = join(store.changedSince(page.cursor(), 3));
      }

      assertThat(seen).containsExactlyElementsOf(all);
      stuck.rollback();
    }
  }

  @Test
  void rows_that_one_transaction_wrote_come_in_pages_too() throws SQLException {
    long cursor = join(store.changedSince(-1, 10)).cursor();
    database.sql(
        "insert into " + TABLE + " (business_id) select 'b-' || i from generate_series(10, 16) i");

    Page one = join(store.changedSince(cursor, 3));
    Page two = join(store.changedSince(one.cursor(), 3));
    Page three = join(store.changedSince(two.cursor(), 3));

    assertThat(ids(one)).containsExactly("b-10", "b-11", "b-12");
    assertThat(ids(two)).containsExactly("b-13", "b-14", "b-15");
    assertThat(ids(three)).containsExactly("b-16");
    assertThat(join(store.changedSince(three.cursor(), 3)).states()).isEmpty();
  }

  @Test
  void a_cursor_that_is_not_known_starts_from_the_beginning() {
    write("a");
    Page page = join(store.changedSince(12_345, 10));

    assertThat(ids(page)).containsExactly("a");
    assertThat(join(store.changedSince(page.cursor(), 10)).states()).isEmpty();
    for (int i = 0; i < 100; i++) {
      join(store.changedSince(-1, 10));
    }
    assertThat(ids(join(store.changedSince(page.cursor(), 10)))).containsExactly("a");
  }

  @Test
  void a_cursor_may_be_used_again() {
    long cursor = join(store.changedSince(-1, 10)).cursor();
    write("a");
    assertThat(ids(join(store.changedSince(cursor, 10)))).containsExactly("a");
    assertThat(ids(join(store.changedSince(cursor, 10)))).containsExactly("a");
  }

  @Test
  void a_table_copied_from_another_cluster_is_read_once_until_it_changes() throws SQLException {
    write("a");
    write("b");
    database.sql("update " + TABLE + " set change = '99999999999'");
    long cursor = join(store.changedSince(-1, 10)).cursor();

    assertThat(join(store.changedSince(cursor, 10)).states()).isEmpty();
    Page all = join(store.changedSince(0, 10));
    assertThat(ids(all)).containsExactly("a", "b");
    assertThat(join(store.changedSince(all.cursor(), 10)).states()).isEmpty();
    written(store.setState("a", closed("a", 1)));
    assertThat(ids(join(store.changedSince(cursor, 10)))).containsExactly("a");

    SupabaseMigrations.migrate(database.ownerUrl());
    assertThat(ids(join(store.changedSince(cursor, 10)))).containsExactly("a", "b");
  }

  /** Another server stands for the same one after it was restored to an earlier time. */
  @Test
  void a_database_whose_history_was_lost_is_read_from_the_beginning()
      throws SQLException, IOException {
    try (EmbeddedPostgres another = EmbeddedPostgres.start()) {
      String url = another.getJdbcUrl("postgres", "postgres");
      try (TestDatabase earlier = TestDatabase.on(url, url)) {
        for (int i = 0; i < 200; i++) {
          database.sql("select pg_current_xact_id()");
        }
        SwitchingSource source = new SwitchingSource(database.appUrl());
        try (SupabaseCircuitBreakerStore restored = SupabaseCircuitBreakerStore.connect(source)) {
          long cursor = join(restored.changedSince(-1, 10)).cursor();
          source.setURL(earlier.appUrl());
          earlier.sql(insert("restored"));

          Page page = join(restored.changedSince(cursor, 10));

          assertThat(ids(page)).containsExactly("restored");
          earlier.sql(insert("new"));
          assertThat(ids(join(restored.changedSince(page.cursor(), 10)))).containsExactly("new");
        }
      }
    }
  }

  private static final class SwitchingSource extends org.postgresql.ds.PGSimpleDataSource {
    private static final long serialVersionUID = 1L;

    SwitchingSource(String url) {
      setURL(url);
    }
  }
}
