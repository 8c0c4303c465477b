package dev.fusible;

import static dev.fusible.FallbackType.CIRCUIT_OPEN;
import static dev.fusible.FallbackType.SYSTEM_ERROR;
import static dev.fusible.FallbackType.TIMEOUT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class FallbackResponsesTest {

  private final FallbackResponses builtIn = FallbackResponses.builtIn();
  private final Rotation rotation = new Rotation();

  private static FallbackResponses timeouts(String language, String... variants) {
    return FallbackResponses.builder().sentence(language, TIMEOUT, variants).build();
  }

  private static String text(FallbackResponses responses, String language) {
    return responses.getFallbackResponse(TIMEOUT, language).text();
  }

  @Nested
  class Languages {

    @ParameterizedTest
    @CsvSource({
      "es-MX, es-MX",
      "es-mx, es-MX",
      "ES-mx, es-MX",
      "es_MX, es-MX",
      "' es-MX ', es-MX",
      "es-MX-x-clinic, es-MX",
      "es-Latn-MX, es-MX",
      "es-MX-!!!, es-MX",
      "es-AR, es-MX",
      "es-419, es-MX",
      "es-*, es-MX",
      "es, es-MX",
      "en-US, en-US",
      "en-GB-oxendict, en-US",
      "en, en-US",
      "fr-FR, en-US",
      "esp, en-US",
      "e, en-US",
      "*, en-US",
      "*-MX, en-US",
      "und, en-US",
      "x-es, en-US",
      "i-klingon, en-US",
      "'es-MX,es;q=0.9', es-MX",
    })
    void the_nearest_there_is_is_spoken(String asked, String spoken) {
      FallbackResponse response = builtIn.getFallbackResponse(TIMEOUT, asked);

      assertThat(response.language()).isEqualTo(spoken);
      assertThat(response.type()).isEqualTo(TIMEOUT);
      assertThat(BuiltInSentences.of(TIMEOUT).get(spoken).withoutNumber())
          .contains(response.text());
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(
        strings = {
          "",
          " ",
          "-",
          "--",
          "_",
          "\0",
          "\n",
          "null",
          "{phone}",
          "'; drop table --",
          "🙂",
          "\ud800",
          "١٢",
          "ﬁ",
          "es\u0000MX"
        })
    void nonsense_is_answered(String language) {
      assertThat(builtIn.getFallbackResponse(SYSTEM_ERROR, language).text()).isNotBlank();
    }

    @Test
    void huge_and_random_tags_are_answered() {
      Random random = new Random(7);
      String letters = "esMXxiuU19-_-_* ñ\u2028";
      List<String> tags = new ArrayList<>(List.of("es-".repeat(1_000_000), "e".repeat(1_000_000)));
      for (int i = 0; i < 2_000; i++) {
        StringBuilder tag = new StringBuilder();
        for (int length = random.nextInt(40); length > 0; length--) {
          tag.append(letters.charAt(random.nextInt(letters.length())));
        }
        tags.add(tag.toString());
      }

      assertThat(tags)
          .allSatisfy(
              tag ->
                  assertThat(builtIn.getFallbackResponse(CIRCUIT_OPEN, tag).language())
                      .isIn("es-MX", "en-US"));
    }

    @Test
    void only_the_type_must_be_given() {
      assertThatNullPointerException().isThrownBy(() -> builtIn.getFallbackResponse(null, "es"));
    }

    @Test
    void the_first_choice_that_there_is_a_sentence_for_is_spoken() {
      FallbackResponses responses = timeouts("fr", "Pardon, appelez-nous.");

      assertThat(spoken(responses, "fr-CA", "es-MX")).isEqualTo("fr");
      assertThat(spoken(responses, "de", "fr-CA", "es-MX")).isEqualTo("fr");
      assertThat(spoken(responses, "de", "es-AR", "fr")).isEqualTo("es-MX");
      assertThat(spoken(responses, "de", "it")).isEqualTo("en-US");
    }

    private String spoken(FallbackResponses responses, String... languages) {
      return responses.getFallbackResponse(TIMEOUT, List.of(languages), null, rotation).language();
    }
  }

  @Nested
  class OnesOwn {

    @Test
    void take_the_place_of_those_built_in_for_their_language_and_type_alone() {
      FallbackResponses responses = timeouts("es-MX", "Una disculpa, llámenos.");

      assertThat(responses.getFallbackResponse(TIMEOUT, "es-MX"))
          .isEqualTo(new FallbackResponse("Una disculpa, llámenos.", "es-MX", TIMEOUT));
      assertThat(BuiltInSentences.of(SYSTEM_ERROR).get("es-MX").withoutNumber())
          .contains(responses.getFallbackResponse(SYSTEM_ERROR, "es-MX").text());
      assertThat(BuiltInSentences.of(TIMEOUT).get("en-US").withoutNumber())
          .contains(text(responses, "en-US"));
    }

    @Test
    void add_a_language() {
      FallbackResponses responses = timeouts("pt-BR", "Desculpe, ligue para nós.");

      assertThat(responses.getFallbackResponse(TIMEOUT, "pt-PT").language()).isEqualTo("pt-BR");
      assertThat(responses.getFallbackResponse(CIRCUIT_OPEN, "pt-BR").language())
          .isEqualTo("en-US");
    }

    @Test
    void of_a_whole_language_are_preferred_to_those_built_in() {
      assertThat(text(timeouts("es", "Una disculpa."), "es-MX")).isEqualTo("Una disculpa.");
    }

    @Test
    void of_another_region_are_not_preferred_to_those_of_the_callers_own() {
      FallbackResponses responses = timeouts("es-ES", "Perdone.");

      assertThat(responses.getFallbackResponse(TIMEOUT, "es-MX").language()).isEqualTo("es-MX");
      assertThat(text(responses, "es-ES")).isEqualTo("Perdone.");
      assertThat(text(responses, "es-AR")).isEqualTo("Perdone.");
    }

    @Test
    void of_two_regions_the_first_that_was_given_serves_a_third() {
      FallbackResponses responses =
          FallbackResponses.builder()
              .sentence("fr-CA", TIMEOUT, "Désolé.")
              .sentence("fr-FR", TIMEOUT, "Pardon.")
              .build();

      assertThat(text(responses, "fr-BE")).isEqualTo("Désolé.");
    }

    @Test
    void are_stripped_and_their_tag_is_written_as_it_should_be() {
      assertThat(timeouts("ZH-hant-tw", " 抱歉。 ").getFallbackResponse(TIMEOUT, "zh-Hant-TW"))
          .isEqualTo(new FallbackResponse("抱歉。", "zh-Hant-TW", TIMEOUT));
    }

    @Test
    void given_again_take_the_place_of_the_first() {
      FallbackResponses responses =
          FallbackResponses.builder()
              .sentence("es-MX", TIMEOUT, "Uno.", "Dos.")
              .sentence("es-mx", TIMEOUT, "Tres.")
              .build();

      assertThat(heard(responses, 3)).containsOnly("Tres.");
    }

    @Test
    void are_not_changed_by_what_the_builder_is_told_later() {
      FallbackResponses.Builder builder =
          FallbackResponses.builder().sentence("es-MX", TIMEOUT, "Uno.");
      FallbackResponses responses = builder.build();

      builder.sentence("es-MX", TIMEOUT, "Dos.").sentence("es", CIRCUIT_OPEN, "Tres.");

      assertThat(text(responses, "es-MX")).isEqualTo("Uno.");
      assertThat(responses.getFallbackResponse(CIRCUIT_OPEN, "es").text()).isNotEqualTo("Tres.");
    }
  }

  @Nested
  class Turns {

    @ParameterizedTest
    @EnumSource
    void all_variants_are_spoken_and_none_twice_running(FallbackType type) {
      for (String language : List.of("es-MX", "en-US")) {
        List<String> heard = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
          heard.add(builtIn.getFallbackResponse(type, language).text());
        }

        assertNoneTwiceRunning(heard);
        assertThat(heard).containsAll(BuiltInSentences.of(type).get(language).withoutNumber());
      }
    }

    @Test
    void none_is_spoken_twice_running_for_a_type_when_others_are_spoken_between() {
      FallbackResponses responses = timeouts("es-MX", "Uno.", "Dos.");
      List<String> heard = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        heard.add(text(responses, "es-MX"));
        assertThat(responses.getFallbackResponse(CIRCUIT_OPEN, "es-MX").text()).isNotBlank();
      }

      assertNoneTwiceRunning(heard);
    }

    @Test
    void none_is_spoken_twice_running_once_many_threads_have_spoken() throws Exception {
      FallbackResponses responses = timeouts("es-MX", "Uno.", "Dos.");
      int threads = 4;
      CyclicBarrier start = new CyclicBarrier(threads);
      ExecutorService pool = Executors.newFixedThreadPool(threads);
      List<Future<List<String>>> heard = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        heard.add(
            pool.submit(
                () -> {
                  start.await();
                  return heard(responses, 500);
                }));
      }
      for (Future<List<String>> texts : heard) {
        assertThat(texts.get()).containsOnly("Uno.", "Dos.");
      }
      pool.shutdown();

      assertNoneTwiceRunning(heard(responses, 6));
    }

    @Test
    void a_single_sentence_is_repeated() {
      assertThat(heard(timeouts("es-MX", "Uno."), 3)).containsExactly("Uno.", "Uno.", "Uno.");
      assertThat(heard(timeouts("es-MX", "Uno.", " Uno. "), 2)).containsExactly("Uno.", "Uno.");
    }

    @Test
    void no_text_is_heard_twice_running_on_a_circuit_though_types_and_languages_share_texts() {
      FallbackResponses responses =
          FallbackResponses.builder()
              .sentence("es-MX", SYSTEM_ERROR, "Uno.", "Dos.")
              .sentence("es-MX", TIMEOUT, "Dos.", "Tres.")
              .sentence("es-MX", CIRCUIT_OPEN, "Tres.", "Uno.")
              .sentence("en-US", SYSTEM_ERROR, "Dos.", "Uno.")
              .sentence("en-US", TIMEOUT, "Llame al {phone}.", "Tres.", "Llame al 5.")
              .sentence("en-US", CIRCUIT_OPEN, "Uno.", "Dos.", "Tres.")
              .build();
      Random random = new Random(11);
      List<String> heard = new ArrayList<>();
      for (int i = 0; i < 5_000; i++) {
        FallbackType type = FallbackType.values()[random.nextInt(3)];
        String language = random.nextBoolean() ? "es-MX" : "en-US";
        String phone = random.nextBoolean() ? "5" : null;
        heard.add(responses.getFallbackResponse(type, List.of(language), phone, rotation).text());
      }

      assertNoneTwiceRunning(heard);
    }

    private void assertNoneTwiceRunning(List<String> heard) {
      for (int i = 1; i < heard.size(); i++) {
        assertThat(heard.get(i)).as("sentence %d", i).isNotEqualTo(heard.get(i - 1));
      }
    }
  }

  @Nested
  class Phone {

    private Set<String> said(FallbackResponses responses, String language, String phone) {
      Set<String> said = new HashSet<>();
      for (int i = 0; i < 12; i++) {
        said.add(responses.getFallbackResponse(TIMEOUT, List.of(language), phone, rotation).text());
      }
      return said;
    }

    @Test
    void is_said_in_every_sentence_built_in_when_it_is_known() {
      assertThat(said(builtIn, "es-MX", " 55 1234 5678 "))
          .hasSize(3)
          .allMatch(text -> text.endsWith(" 55 1234 5678."));
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", " ", "55\n1234", "55 1234\0"})
    void that_is_not_known_or_can_not_be_said_is_left_out(String phone) {
      assertThat(said(builtIn, "es-MX", phone))
          .hasSize(3)
          .allMatch(text -> text.contains("directamente"));
    }

    @Test
    void that_is_longer_than_any_number_is_left_out() {
      assertThat(said(builtIn, "en-US", "5".repeat(61)))
          .allMatch(text -> text.contains("directly"));
    }

    @Test
    void is_said_as_it_is_written() {
      FallbackResponses responses = timeouts("en-US", "Sorry. {phone}, again {phone}.");

      assertThat(said(responses, "en-US", "$1 \\2 {phone}"))
          .containsExactly("Sorry. $1 \\2 {phone}, again $1 \\2 {phone}.");
    }

    @Test
    void when_unknown_only_the_variants_without_it_are_spoken() {
      FallbackResponses responses = timeouts("es-MX", "Llame al {phone}.", "Llámenos.", "Llame.");

      assertThat(said(responses, "es-MX", null)).containsExactlyInAnyOrder("Llámenos.", "Llame.");
      assertThat(said(responses, "es-MX", "55"))
          .containsExactlyInAnyOrder("Llame al 55.", "Llámenos.", "Llame.");
    }

    @Test
    void when_unknown_and_in_every_variant_those_built_in_are_spoken() {
      FallbackResponses responses = timeouts("es-MX", "Llame al {phone}.");

      assertThat(said(responses, "es-MX", null))
          .isEqualTo(Set.copyOf(BuiltInSentences.of(TIMEOUT).get("es-MX").withoutNumber()));
      assertThat(said(timeouts("es-AR", "Llame al {phone}."), "es-AR", null))
          .isEqualTo(Set.copyOf(BuiltInSentences.of(TIMEOUT).get("es-MX").withoutNumber()));
      assertThat(said(timeouts("fr", "Appelez le {phone}."), "fr", null))
          .isEqualTo(Set.copyOf(BuiltInSentences.of(TIMEOUT).get("en-US").withoutNumber()));
      assertThat(said(timeouts("en-US", "Call {phone}."), "fr", null))
          .isEqualTo(Set.copyOf(BuiltInSentences.of(TIMEOUT).get("en-US").withoutNumber()));
    }
  }

  private static List<String> heard(FallbackResponses responses, int times) {
    List<String> heard = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      heard.add(text(responses, "es-MX"));
    }
    return heard;
  }
}
