package dev.fusible.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The sentence that a healthy demo upstream says, in the caller's language where a glance tells
 * which.
 */
final class ReceptionistAnswer {

  private static final String SPANISH =
      "Claro que sí, con mucho gusto le ayudo. ¿Qué día y a qué hora le gustaría venir?";
  private static final String ENGLISH =
      "Of course, I would be happy to help. What day and time work best for you?";

  private static final Pattern SPANISH_LETTERS = Pattern.compile("[áéíóúñ¿¡]");
  private static final Pattern NOT_LETTERS = Pattern.compile("[^\\p{L}]+");
  private static final Set<String> SPANISH_WORDS =
      Set.of(
          "hola",
          "quiero",
          "quisiera",
          "una",
          "cita",
          "para",
          "gracias",
          "buenos",
          "buenas",
          "favor",
          "por",
          "el",
          "los",
          "las",
          "de",
          "que",
          "tienen",
          "puedo",
          "necesito");

  private ReceptionistAnswer() {}

  static String to(JsonNode request) {
    return isSpanish(lastUserText(request)) ? SPANISH : ENGLISH;
  }

  private static boolean isSpanish(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    return SPANISH_LETTERS.matcher(lower).find()
        || NOT_LETTERS.splitAsStream(lower).anyMatch(SPANISH_WORDS::contains);
  }

  private static String lastUserText(JsonNode request) {
    String text = "";
    for (JsonNode message : request.path("messages")) {
      if ("user".equals(message.path("role").asText())) {
        text = textOf(message.path("content"));
      }
    }
    return text;
  }

  /** The text of a message's content, which is a string or a list of parts. */
  static String textOf(JsonNode content) {
    if (content.isTextual()) {
      return content.asText();
    }
    StringBuilder text = new StringBuilder();
    for (JsonNode part : content) {
      text.append(part.path("text").asText()).append(' ');
    }
    return text.toString();
  }
}
