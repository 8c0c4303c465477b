package dev.fusible.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusible.gateway.UpstreamFailure.BrokenToolCall;
import dev.fusible.gateway.UpstreamFailure.CutAnswer;
import dev.fusible.gateway.UpstreamFailure.EmptyAnswer;
import dev.fusible.gateway.UpstreamFailure.ErrorInAnswer;
import dev.fusible.gateway.UpstreamFailure.NotAnAnswer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChunkReaderTest {

  private final List<Piece.Chunk> pieces = new ArrayList<>();
  private final ChunkReader reader = new ChunkReader(pieces::add);

  private void data(String json) {
    reader.line("data: " + json);
    reader.line("");
  }

  private void content(String text) {
    data("{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + text + "\"}}]}");
  }

  private void finish(String reason) {
    data("{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" + reason + "\"}]}");
  }

  private void toolCall(String name, String arguments) {
    data(
        "{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{"
            + (name == null ? "" : "\"name\":\"" + name + "\",")
            + "\"arguments\":\""
            + arguments
            + "\"}}]}}]}");
  }

  @Test
  void words_are_speakable_and_counted_where_they_begin() {
    content("Cla");
    content("ro que");
    content("   ");
    content("sí");

    assertThat(pieces).extracting(Piece.Chunk::words).containsExactly(1, 1, 0, 1);
    assertThat(pieces).extracting(Piece.Chunk::speakable).containsExactly(true, true, false, true);
  }

  @Test
  void comments_other_fields_and_empty_events_are_nothing() {
    reader.line(": keep-alive");
    reader.line("");
    reader.line("event: message");
    reader.line("id: 7");
    reader.line("");

    assertThat(pieces).isEmpty();
  }

  @Test
  void an_event_may_have_several_data_lines_and_no_space() {
    reader.line("data:{\"choices\":[{\"index\":0,");
    reader.line("data: \"delta\":{\"content\":\"hola\"}}]}");
    reader.line("");

    assertThat(pieces).hasSize(1);
  }

  @Test
  void done_completes_it_and_what_follows_is_ignored() {
    content("hola");
    finish("stop");
    data("[DONE]");
    assertThat(reader.isDone()).isTrue();
    content("más");

    assertThat(pieces).hasSize(2);
  }

  @Test
  void an_end_after_the_finish_reason_is_whole_and_one_before_it_is_cut() {
    content("hola");
    assertThatThrownBy(reader::end).isInstanceOf(CutAnswer.class);

    finish("stop");
    reader.end();
    assertThat(reader.isDone()).isTrue();
  }

  @Test
  void an_answer_without_a_word_is_empty() {
    content(" \\n");
    finish("stop");

    assertThatThrownBy(() -> data("[DONE]")).isInstanceOf(EmptyAnswer.class);
  }

  @Test
  void a_filtered_answer_and_a_refusal_are_answers() {
    finish("content_filter");
    data("[DONE]");
    assertThat(reader.isDone()).isTrue();

    ChunkReader refused = new ChunkReader(pieces::add);
    refused.line(
        "data: {\"choices\":[{\"delta\":{\"refusal\":\"No.\"},\"finish_reason\":\"stop\"}]}");
    refused.line("");
    refused.end();
    assertThat(refused.isDone()).isTrue();
  }

  @Test
  void an_error_or_anything_else_is_no_answer() {
    assertThatThrownBy(() -> data("{\"error\":{\"message\":\"x\"}}"))
        .isInstanceOf(ErrorInAnswer.class);
    assertThatThrownBy(() -> data("{\"hello\":1}")).isInstanceOf(NotAnAnswer.class);
    assertThatThrownBy(() -> data("<html>")).isInstanceOf(NotAnAnswer.class);
    assertThatThrownBy(() -> data("[1]")).isInstanceOf(NotAnAnswer.class);
    assertThatThrownBy(() -> data("{\"choices\":[]} trailing")).isInstanceOf(NotAnAnswer.class);
  }

  @Test
  void tool_calls_are_held_until_they_are_whole() {
    toolCall("book", "{\\\"day\\\":");
    assertThat(pieces).allMatch(piece -> !piece.speakable());
    assertThat(pieces.toString()).doesNotContain("tool_calls");
    toolCall(null, "\\\"monday\\\"}");
    pieces.clear();

    finish("tool_calls");

    assertThat(pieces).extracting(Piece.Chunk::speakable).containsExactly(true, true, false);
    assertThat(pieces.get(0).json().at("/choices/0/delta/tool_calls/0/function/name").asText())
        .isEqualTo("book");
    data("[DONE]");
    assertThat(reader.isDone()).isTrue();
  }

  @Test
  void a_tool_call_without_a_name_or_with_half_of_its_arguments_is_broken() {
    toolCall("book", "{\\\"day\\\":");
    assertThatThrownBy(() -> finish("tool_calls")).isInstanceOf(BrokenToolCall.class);

    ChunkReader nameless = new ChunkReader(pieces::add);
    nameless.line(
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]}}]}");
    nameless.line("");
    nameless.line("data: [DONE]");
    assertThatThrownBy(() -> nameless.line("")).isInstanceOf(BrokenToolCall.class);
  }

  @Test
  void a_usage_chunk_passes() {
    content("hola");
    finish("stop");
    data("{\"choices\":[],\"usage\":{\"total_tokens\":3}}");

    assertThat(pieces).hasSize(3);
  }
}
