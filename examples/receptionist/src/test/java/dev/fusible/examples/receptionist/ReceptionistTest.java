package dev.fusible.examples.receptionist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fusible.CircuitBreakerState;
import dev.fusible.testkit.Fault;
import dev.fusible.testkit.FaultyUpstream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls in which the model or the booking system breaks, over real HTTP. */
class ReceptionistTest {

  private static final String CLINIC = "clinica-sonrisa";
  private static final String CONFIRMED = "It is booked.";

  @TempDir Path folder;

  private FaultyUpstream model;
  private BookingDesk desk;
  private Office office;

  @BeforeEach
  void open() throws Exception {
    model = FaultyUpstream.start();
    desk = new BookingDesk();
    office = new Office(folder, model, desk);
  }

  @AfterEach
  void close() {
    office.close();
    desk.close();
    model.close();
  }

  /** The model says this from now on. */
  private void modelSays(String words) {
    model.fault(Fault.NONE).answer(words);
  }

  private void callUpToTheBooking() throws Exception {
    modelSays("Hello!");
    assertThat(office.hears(CLINIC, "I want a visit")).isEqualTo("Hello!");
    modelSays("Tuesday at ten?");
    assertThat(office.hears(CLINIC, "Any day")).isEqualTo("Tuesday at ten?");
    modelSays(CONFIRMED);
  }

  private static boolean isSentence(String business, String heard) {
    return business.startsWith("austin")
        ? heard.matches("(?i).*(sorry|apologi|wait).*")
        : heard.matches("(?i).*(perd|disculpa|siento).*");
  }

  private void assertSentence(String heard) {
    assertThat(heard).matches(words -> isSentence(CLINIC, words));
  }

  @ParameterizedTest
  @ValueSource(strings = {CLINIC, "taqueria-don-pepe", "austin-plumbing"})
  void a_call_leads_to_one_booking(String business) throws Exception {
    for (String words : List.of("Hello!", "Tuesday at ten?", CONFIRMED)) {
      modelSays(words);
      assertThat(office.hears(business, "yes")).isEqualTo(words);
    }

    assertThat(desk.bookings).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {CLINIC, "taqueria-don-pepe", "austin-plumbing"})
  void while_the_model_hangs_every_turn_ends_in_a_sentence_and_then_the_call_goes_on_where_it_was(
      String business) throws Exception {
    modelSays("Hello!");
    assertThat(office.hears(business, "hi")).isEqualTo("Hello!");
    model.fault(Fault.HANG);

    List<String> heard =
        List.of(
            office.hearsAtTheLimit(business, "Tuesday"),
            office.hearsAtTheLimit(business, "Hello?"),
            office.hears(business, "Are you there?"));

    assertThat(heard).allMatch(words -> isSentence(business, words)).doesNotHaveDuplicates();
    assertThat(office.state(business)).isEqualTo(CircuitBreakerState.OPEN);
    assertThat(desk.bookings).isEmpty();
    await().until(() -> model.inFlight() == 0);

    office.waitForRecovery(business);
    modelSays("Tuesday at ten?");
    assertThat(office.hears(business, "Tuesday")).isEqualTo("Tuesday at ten?");
    assertThat(model.lastRequestBody()).contains("Offer Tuesday");
    assertThat(office.state(business)).isEqualTo(CircuitBreakerState.CLOSED);
    modelSays(CONFIRMED);
    assertThat(office.hears(business, "Yes")).isEqualTo(CONFIRMED);
    assertThat(desk.bookings).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "ERROR",
        "CUT",
        "STALL",
        "KEEP_ALIVE",
        "RATE_LIMIT",
        "UNAUTHORIZED",
        "HTML",
        "ERROR_IN_200",
        "REFUSE",
        "SLOW"
      })
  void however_the_model_breaks_the_turn_ends_in_a_sentence_and_is_taken_again(Fault fault)
      throws Exception {
    modelSays("Hello!");
    assertThat(office.hears(CLINIC, "hi")).isEqualTo("Hello!");
    modelSays("I have Tuesday at ten. Shall I book it?");
    model.fault(fault).slowBy(Duration.ofMinutes(1));

    assertSentence(office.hearsInTheEnd(CLINIC, "Tuesday"));

    modelSays("Tuesday at ten?");
    assertThat(office.hears(CLINIC, "Tuesday")).isEqualTo("Tuesday at ten?");
    assertThat(desk.bookings).isEmpty();
  }

  @Test
  void a_booking_whose_answer_is_lost_is_looked_up_and_not_repeated() throws Exception {
    callUpToTheBooking();
    desk.answers = false;

    assertThat(office.hearsInTheEnd(CLINIC, "Yes")).isEqualTo(CONFIRMED);

    assertThat(desk.bookings.values()).containsExactly(1);
  }

  @Test
  void a_booking_that_was_not_made_is_not_claimed_and_may_be_asked_for_again() throws Exception {
    callUpToTheBooking();
    desk.books = false;
    desk.answers = false;

    assertSentence(office.hearsInTheEnd(CLINIC, "Yes"));
    assertThat(desk.bookings).isEmpty();

    desk.books = true;
    desk.answers = true;
    office.waitForRecovery(CLINIC);
    assertThat(office.hears(CLINIC, "Yes, please")).isEqualTo(CONFIRMED);
    assertThat(desk.bookings).hasSize(1);
  }

  @Test
  void a_booking_system_that_refuses_opens_its_own_circuit_and_not_the_models() throws Exception {
    callUpToTheBooking();
    desk.books = false;

    assertSentence(office.hears(CLINIC, "Yes"));

    assertThat(office.state(CLINIC + ":booking")).isEqualTo(CircuitBreakerState.OPEN);
    assertThat(office.state(CLINIC)).isEqualTo(CircuitBreakerState.CLOSED);
    desk.books = true;
    assertSentence(office.hears(CLINIC, "Yes"));
    assertThat(desk.bookings).isEmpty();
  }

  @Test
  void a_booking_that_the_model_could_not_confirm_is_confirmed_later_and_made_once()
      throws Exception {
    callUpToTheBooking();
    model.fault(Fault.ERROR);

    assertSentence(office.hears(CLINIC, "Yes"));
    assertThat(desk.bookings.values()).containsExactly(1);

    modelSays(CONFIRMED);
    assertThat(office.hears(CLINIC, "Is it booked?")).isEqualTo(CONFIRMED);
    assertThat(desk.bookings.values()).containsExactly(1);
  }

  @Test
  void another_process_takes_the_call_over_where_it_was_with_the_circuit_as_it_was()
      throws Exception {
    modelSays("Hello!");
    assertThat(office.hears(CLINIC, "hi")).isEqualTo("Hello!");
    model.fault(Fault.ERROR);
    office.hears(CLINIC, "Tuesday");
    office.hears(CLINIC, "Tuesday");
    assertThat(office.state(CLINIC)).isEqualTo(CircuitBreakerState.OPEN);
    office.close();

    office = new Office(folder, model, desk);
    modelSays("Tuesday at ten?");
    await().until(() -> office.state(CLINIC) == CircuitBreakerState.OPEN);
    assertSentence(office.hears(CLINIC, "Tuesday"));
    office.waitForRecovery(CLINIC);

    assertThat(office.hears(CLINIC, "Tuesday")).isEqualTo("Tuesday at ten?");
    assertThat(model.lastRequestBody()).contains("Offer Tuesday");
  }

  @Test
  void the_call_in_the_terminal_comes_to_its_end() throws Exception {
    ByteArrayOutputStream shown = new ByteArrayOutputStream();

    Call.play(
        "austin-plumbing",
        folder.resolve("play"),
        Duration.ofSeconds(1),
        new PrintStream(shown, true, StandardCharsets.UTF_8));

    List<String> lines = shown.toString(StandardCharsets.UTF_8).lines().toList();
    assertThat(lines).hasSize(12);
    assertThat(lines).filteredOn(line -> line.startsWith("agent   ")).hasSize(6);
    assertThat(lines).noneMatch(line -> line.startsWith("agent      ["));
  }

  @Test
  void the_example_stays_short() throws IOException {
    long lines = 0;
    try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        lines += Files.readAllLines(file).size();
      }
    }

    assertThat(lines).isLessThan(250);
  }
}
