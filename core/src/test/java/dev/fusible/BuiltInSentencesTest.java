package dev.fusible;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The rules that every sentence built in is held to. */
class BuiltInSentencesTest {

  /** The longest that is usual: a number with its country code. */
  private static final String NUMBER = "+52 55 1234 5678";

  private static final double WORDS_PER_SECOND = 155 / 60.0;
  private static final double SECONDS_PER_DIGIT = 0.26;

  private static final Map<String, Pattern> APOLOGIES =
      Map.of(
          "es-MX", Pattern.compile("siento|disculp|perdón|perdone"),
          "en-US", Pattern.compile("sorry|apolog"));

  private static final Map<String, Pattern> WAYS_OUT =
      Map.of(
          "es-MX",
          Pattern.compile("llame|llámenos|llamar"),
          "en-US",
          Pattern.compile("\\bcall\\b"));

  private static final Pattern TECHNICAL =
      Pattern.compile(
          "\\b(sistema|servidor|servicio|errore?s?|fall[aoó]s?|técnic[ao]s?|conexi[oó]n|red|circuito"
              + "|base de datos|internet|plataforma|aplicación|solicitud|system|servers?|services?"
              + "|fail(ed|ure|s)?|technical|connection|network|circuit|time ?out|database"
              + "|request|platform|software|upstream|api|ai|model|bot|agent[e]?|operación|operation)\\b",
          Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE | Pattern.UNICODE_CHARACTER_CLASS);

  private static final Pattern CLAIM =
      Pattern.compile(
          "\\b(listo|hecho|agend[eéo]\\w*|reserv\\w+|registr\\w+|confirm\\w+|guard[eéo]\\w*|envi[eéo]\\w*"
              + "|cancel\\w+|cambi\\w+|done|book\\w*|schedul\\w+|saved?|sent|order\\w*|complete\\w*"
              + "|transfer\\w*|le (llamaremos|marcamos)|call you back)\\b",
          Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE | Pattern.UNICODE_CHARACTER_CLASS);

  private static final Pattern FAMILIAR =
      Pattern.compile(
          "\\b(tú|tu|tus|te|ti|contigo|vos|llama|puedes|(?<!una )disculpa|perdona|llámanos|ayudarte|atenderte)\\b",
          Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE | Pattern.UNICODE_CHARACTER_CLASS);

  private record Sentence(String language, FallbackType type, boolean withNumber, String text) {

    String spoken() {
      return text.replace("{phone}", NUMBER);
    }

    String lowerCase() {
      return text.toLowerCase(Locale.ROOT);
    }
  }

  static Stream<Sentences> groups() {
    return Arrays.stream(FallbackType.values())
        .flatMap(type -> BuiltInSentences.of(type).values().stream());
  }

  static List<Sentence> sentences() {
    List<Sentence> all = new ArrayList<>();
    groups()
        .forEach(
            group -> {
              for (String text : group.withNumber()) {
                all.add(new Sentence(group.language(), group.type(), true, text));
              }
              for (String text : group.withoutNumber()) {
                all.add(new Sentence(group.language(), group.type(), false, text));
              }
            });
    return all;
  }

  @Test
  void there_are_two_languages_and_at_least_three_variants_of_each_type() {
    for (FallbackType type : FallbackType.values()) {
      assertThat(BuiltInSentences.of(type)).containsOnlyKeys("es-MX", "en-US");
    }
    assertThat(groups())
        .allSatisfy(
            group -> {
              assertThat(group.withNumber()).hasSizeGreaterThanOrEqualTo(3);
              assertThat(group.withoutNumber()).hasSizeGreaterThanOrEqualTo(3);
            });
  }

  @ParameterizedTest
  @MethodSource("sentences")
  void passes_the_check_that_sentences_of_ones_own_must_pass(Sentence sentence) {
    assertThat(SentenceRules.fault(sentence.text())).isNull();
  }

  @ParameterizedTest
  @MethodSource("sentences")
  void has_at_most_twenty_words_and_seven_seconds(Sentence sentence) {
    String[] words = sentence.spoken().split("\\s+");
    long plain = Arrays.stream(words).filter(word -> !word.matches("[+\\d.]+")).count();
    long digits = sentence.spoken().chars().filter(Character::isDigit).count();

    assertThat(words).hasSizeLessThanOrEqualTo(20);
    assertThat(plain / WORDS_PER_SECOND + digits * SECONDS_PER_DIGIT).isLessThanOrEqualTo(7);
  }

  @ParameterizedTest
  @MethodSource("sentences")
  void is_one_or_two_sentences_and_ends_so_that_the_voice_does_not_wait(Sentence sentence) {
    assertThat(sentence.text()).matches("[^.!?¡¿]+\\.( [^.!?¡¿]+\\.)?");
  }

  @ParameterizedTest
  @MethodSource("sentences")
  void apologises_and_offers_to_call(Sentence sentence) {
    assertThat(sentence.lowerCase()).containsPattern(APOLOGIES.get(sentence.language()));
    assertThat(sentence.lowerCase()).containsPattern(WAYS_OUT.get(sentence.language()));
  }

  @ParameterizedTest
  @MethodSource("sentences")
  void gives_the_number_or_says_to_call_directly(Sentence sentence) {
    if (sentence.withNumber()) {
      assertThat(sentence.text()).containsOnlyOnce("{phone}").endsWith(" {phone}.");
    } else {
      assertThat(sentence.lowerCase()).doesNotContain("{").containsPattern("directamente|directly");
    }
  }

  @ParameterizedTest
  @MethodSource("sentences")
  void says_nothing_technical_and_claims_nothing(Sentence sentence) {
    assertThat(sentence.text()).doesNotContainPattern(TECHNICAL);
    assertThat(sentence.text()).doesNotContainPattern(CLAIM);
  }

  @ParameterizedTest
  @MethodSource("sentences")
  void speaks_to_a_mexican_caller_as_usted_and_with_the_accents(Sentence sentence) {
    if (sentence.language().equals("es-MX")) {
      assertThat(sentence.lowerCase())
          .doesNotContainPattern(FAMILIAR)
          .doesNotContainPattern("\\b(llamenos|perdon|esta tardando|aun|telefono|mas|dificil)\\b");
    }
  }

  @Test
  void no_two_sentences_are_the_same() {
    List<String> texts = sentences().stream().map(Sentence::text).toList();

    assertThat(texts).doesNotHaveDuplicates();
  }

  @Test
  void sentences_of_a_language_differ_in_their_first_words_within_a_type() {
    assertThat(groups())
        .allSatisfy(
            group -> {
              assertThat(firstWords(group.withNumber())).hasSameSizeAs(group.withNumber());
              assertThat(firstWords(group.withoutNumber())).hasSameSizeAs(group.withoutNumber());
            });
  }

  private static Set<String> firstWords(List<String> texts) {
    Set<String> firstWords = new HashSet<>();
    texts.forEach(text -> firstWords.add(text.split(" ")[0]));
    return firstWords;
  }

  @Test
  void the_documentation_lists_them_all() throws IOException {
    String page = Files.readString(Path.of("../docs/fallbacks.md"));

    assertThat(sentences())
        .allSatisfy(sentence -> assertThat(page).contains("- " + sentence.text() + "\n"));
  }

  @Test
  void the_example_of_the_documentation_is_accepted() throws IOException {
    String page = Files.readString(Path.of("../docs/fallbacks.md"));
    String withNumber = "Una disculpa por la espera. Llame a la clínica al {phone}.";
    String withoutNumber = "Perdón, esto está tardando. Puede llamar directamente a la clínica.";

    FallbackResponses sentences =
        FallbackResponses.builder()
            .sentence("es-MX", FallbackType.TIMEOUT, withNumber, withoutNumber)
            .build();

    assertThat(page).contains('"' + withNumber + '"').contains('"' + withoutNumber + '"');
    assertThat(sentences.getFallbackResponse(FallbackType.TIMEOUT, "es-MX").text())
        .isEqualTo(withoutNumber);
  }
}
