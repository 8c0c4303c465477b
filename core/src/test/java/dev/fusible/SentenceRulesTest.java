package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A sentence that can't be spoken is refused when it is configured, with what to mend. */
class SentenceRulesTest {

  private static final String GOOD = "Una disculpa. Llámenos al {phone}.";

  private static void refuses(String text, String why) {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> FallbackResponses.builder().sentence("es-mx", FallbackType.TIMEOUT, GOOD, text))
        .withMessage("Fallback sentences for es-MX TIMEOUT, variant 2: " + why);
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", "  ", "\n", "...", "¡!", "\u00a0\u2003"})
  void one_with_nothing_to_say(String text) {
    refuses(text, "has nothing to say; write a sentence");
  }

  @Test
  void one_of_more_than_twenty_words() {
    refuses("a ".repeat(21), "21 words; shorten it to 20");
    assertThat(SentenceRules.fault("a ".repeat(20).strip())).isNull();
  }

  @Test
  void one_of_more_than_seven_seconds() {
    refuses("a".repeat(127), "takes 7.0 s to say; shorten it to 7 s");
    refuses("palabras ".repeat(18), "takes 8.9 s to say; shorten it to 7 s");
    assertThat(SentenceRules.fault("a".repeat(126))).isNull();
  }

  @Test
  void the_number_is_counted_by_its_digits() {
    String rest = "a".repeat(126 - 42);

    assertThat(SentenceRules.fault(rest + "{phone}")).isNull();
    assertThat(SentenceRules.fault(rest + "55 1234 5678")).isNull();
    assertThat(SentenceRules.fault(rest + "a{phone}")).contains("to say");
    assertThat(SentenceRules.fault("1".repeat(32))).contains("to say");
  }

  @ParameterizedTest
  @CsvSource({
    "Llámenos al {telefono}., {telefono}",
    "Llámenos al {Phone}., {Phone}",
    "Llámenos al { phone }., { phone }",
    "Llámenos al {{phone}}., {}",
    "Llámenos al {}., {}",
    "Llámenos al {phone}. {name}, {name}",
    "Llámenos al {phone, {phone",
    "Llámenos al phone}, }",
  })
  void one_with_an_unknown_placeholder(String text, String placeholder) {
    refuses(text, "unknown placeholder " + placeholder + "; {phone} is the only one");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\n", "\t", "\r", "\0", "\u001b", "\u007f", "\u0085", "\u2028", "\u2029", "\ud800"
      })
  void one_with_a_control_character(String character) {
    refuses(
        "Lo" + character + "siento.",
        "has a line break or another control character; write it on one line");
  }

  @Test
  void other_alphabets_and_symbols_are_fine() {
    assertThat(SentenceRules.fault("ごめんなさい。お電話ください。")).isNull();
    assertThat(SentenceRules.fault("Désolé 🙏 appelez le {phone}.")).isNull();
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(
      strings = {
        "",
        " ",
        "es_MX",
        "español",
        "e",
        "es-",
        "-MX",
        "*",
        "es-*",
        "es MX",
        "es-MX ",
        "und",
        "x-ours",
        "toolongalanguage"
      })
  void a_malformed_language(String language) {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> FallbackResponses.builder().sentence(language, FallbackType.TIMEOUT, GOOD))
        .withMessage(
            "Fallback sentences for TIMEOUT: '"
                + language
                + "' is no language tag; write one such as es-MX or fr");
  }

  @Test
  void no_variants() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FallbackResponses.builder().sentence("fr", FallbackType.CIRCUIT_OPEN))
        .withMessage("Fallback sentences for fr CIRCUIT_OPEN: there are none; give at least one");
  }
}
