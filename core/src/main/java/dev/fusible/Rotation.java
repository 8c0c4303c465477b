package dev.fusible;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which sentence comes next: the variants in turn, and never the text that was said last while
 * there is another. It compares texts since turns alone are not enough: the types and languages of
 * a business may share sentences. Thread-safe.
 */
final class Rotation {

  private int turn;
  private @Nullable String last;

  synchronized FallbackResponse next(Sentences sentences, @Nullable String phone) {
    List<String> texts = sentences.texts(phone);
    String text = filled(texts.get(Math.floorMod(turn, texts.size())), phone);
    for (int i = 1; i < texts.size() && text.equals(last); i++) {
      text = filled(texts.get(Math.floorMod(turn + i, texts.size())), phone);
    }
    turn++;
    last = text;
    return new FallbackResponse(text, sentences.language(), sentences.type());
  }

  private static String filled(String text, @Nullable String phone) {
    return phone == null ? text : text.replace(Sentences.PHONE, phone);
  }
}
