package dev.fusible;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The sentences built in, for translators to read. Each comes as a pair: with the business's number
 * and without. The rules are in docs/fallbacks.md; a test holds every sentence to them.
 */
final class BuiltInSentences {

  private record Pair(String withNumber, String withoutNumber) {}

  private static final Map<FallbackType, Map<String, Sentences>> ALL =
      new EnumMap<>(FallbackType.class);

  static {
    spanishOfMexico();
    englishOfTheUnitedStates();
  }

  private BuiltInSentences() {}

  /** By tag. */
  static Map<String, Sentences> of(FallbackType type) {
    return ALL.getOrDefault(type, Map.of());
  }

  private static void spanishOfMexico() {
    add(
        "es-MX",
        FallbackType.SYSTEM_ERROR,
        new Pair(
            "Lo siento, no pude ayudarle. Por favor llámenos al {phone}.",
            "Lo siento, no pude ayudarle con eso. Por favor llame directamente al negocio."),
        new Pair(
            "Una disculpa, algo no salió bien. Puede llamarnos al {phone}.",
            "Una disculpa, algo no salió bien. Si gusta, puede llamarnos directamente."),
        new Pair(
            "Disculpe, ahora no puedo ayudarle. Llámenos por favor al {phone}.",
            "Disculpe, ahora no puedo ayudarle. Le pido que llame directamente al negocio."));
    add(
        "es-MX",
        FallbackType.TIMEOUT,
        new Pair(
            "Perdón por la espera. Por favor llámenos directamente al {phone}.",
            "Perdón por la espera, aún no tengo su respuesta. Por favor llame directamente al negocio."),
        new Pair(
            "Siento mucho la demora. Si gusta, llámenos al {phone}.",
            "Siento mucho la demora. Para no hacerle esperar más, puede llamar directamente al negocio."),
        new Pair(
            "Disculpe, esto está tardando mucho. Puede llamarnos al {phone}.",
            "Disculpe, esto está tardando más de lo normal. Puede llamarnos directamente."));
    add(
        "es-MX",
        FallbackType.CIRCUIT_OPEN,
        new Pair(
            "Lo siento, por el momento no puedo atenderle. Llámenos al {phone}.",
            "Lo siento, por el momento no puedo atenderle. Por favor llame directamente al negocio."),
        new Pair(
            "Una disculpa, ahora mismo no puedo ayudarle. Puede llamar al {phone}.",
            "Una disculpa, en este momento no me es posible ayudarle. Puede llamar directamente al negocio."),
        new Pair(
            "Perdone, ahora mismo no puedo responderle. Llámenos al {phone}.",
            "Perdone, ahora mismo no puedo responderle. Llámenos directamente, por favor."));
  }

  private static void englishOfTheUnitedStates() {
    add(
        "en-US",
        FallbackType.SYSTEM_ERROR,
        new Pair(
            "I'm sorry, I couldn't help. Please call us at {phone}.",
            "I'm sorry, I couldn't help with that. Please call the business directly."),
        new Pair(
            "Sorry, something went wrong. You can call us at {phone}.",
            "Sorry about that, something went wrong. You can call us directly."),
        new Pair(
            "I apologize, I can't help right now. Please call {phone}.",
            "I apologize, I can't help with that right now. Please give the business a call directly."));
    add(
        "en-US",
        FallbackType.TIMEOUT,
        new Pair(
            "Sorry for the wait. Please call us directly at {phone}.",
            "Sorry for the wait, I don't have an answer yet. Please call the business directly."),
        new Pair(
            "I'm sorry, this is taking too long. Please call {phone}.",
            "I'm sorry, this is taking longer than it should. You can call us directly instead."),
        new Pair(
            "I apologize for the delay. You can call us at {phone}.",
            "I apologize for the delay. So you don't have to wait, please call us directly."));
    add(
        "en-US",
        FallbackType.CIRCUIT_OPEN,
        new Pair(
            "I'm sorry, I can't assist you now. Please call {phone}.",
            "I'm sorry, I can't assist you at the moment. Please call the business directly."),
        new Pair(
            "Sorry, I'm having trouble helping right now. You can call {phone}.",
            "Sorry, I'm having trouble helping right now. You can call us directly."),
        new Pair(
            "My apologies, I can't answer you right now. Please call {phone}.",
            "My apologies, I can't answer you right now. It's best to call the business directly."));
  }

  private static void add(String language, FallbackType type, Pair... pairs) {
    List<String> withNumber = new ArrayList<>();
    List<String> withoutNumber = new ArrayList<>();
    for (Pair pair : pairs) {
      withNumber.add(pair.withNumber());
      withoutNumber.add(pair.withoutNumber());
    }
    ALL.computeIfAbsent(type, unused -> new LinkedHashMap<>())
        .put(
            language,
            new Sentences(language, type, List.copyOf(withNumber), List.copyOf(withoutNumber)));
  }
}
