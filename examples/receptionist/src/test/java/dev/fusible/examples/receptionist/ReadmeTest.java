package dev.fusible.examples.receptionist;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.CircuitBreakerStore;
import dev.fusible.FallbackResponse;
import dev.fusible.VoiceCircuitBreaker;
import dev.fusible.VoiceCircuitBreakers;
import dev.fusible.jdbc.SqliteCircuitBreakerStore;
import dev.fusible.langgraph4j.GuardedNodes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bsc.langgraph4j.CompiledGraph;
import org.bsc.langgraph4j.GraphStateException;
import org.bsc.langgraph4j.StateGraph;
import org.bsc.langgraph4j.action.AsyncNodeAction;
import org.bsc.langgraph4j.state.AgentState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README shows is compiled, runs, and stands here to the letter. */
class ReadmeTest {

  private final List<String> spoken = new ArrayList<>();

  private interface Model {
    String answer(String question) throws Exception;
  }

  private void speak(String words) {
    spoken.add(words);
  }

  private void firstSnippet(Model model) {
    // README
    try (var breakers = VoiceCircuitBreakers.builder().language("es-MX").build()) {
      VoiceCircuitBreaker clinic = breakers.forBusiness("clinica-sonrisa");
      String words = clinic.execute(() -> model.answer("¿Hay citas?"), FallbackResponse::text);
      speak(words);
    }
    // end
  }

  private VoiceCircuitBreakers secondSnippet(Path data) {
    // README
    CircuitBreakerStore store = SqliteCircuitBreakerStore.open(data.resolve("fusible.db"));
    VoiceCircuitBreakers breakers = VoiceCircuitBreakers.builder().store(store).build();
    // end
    return breakers;
  }

  private CompiledGraph<AgentState> thirdSnippet(
      VoiceCircuitBreakers breakers, StateGraph<AgentState> graph) throws GraphStateException {
    // README
    GuardedNodes.with(breakers).sentenceTo("reply").addTo(graph);
    var agent = graph.compile();
    // end
    return agent;
  }

  @Test
  void a_guarded_graph_ends_normally_with_the_sentence_in_its_channel() throws Exception {
    StateGraph<AgentState> graph =
        new StateGraph<>(AgentState::new)
            .addNode(
                "answer",
                AsyncNodeAction.node_async(
                    state -> {
                      throw new IllegalStateException();
                    }))
            .addEdge(StateGraph.START, "answer")
            .addEdge("answer", StateGraph.END);
    try (var breakers = VoiceCircuitBreakers.builder().language("es-MX").build()) {
      AgentState end = thirdSnippet(breakers, graph).invoke(Map.of()).orElseThrow();

      assertThat(end.<String>value("reply").orElseThrow()).isNotBlank();
    }
  }

  @Test
  void the_caller_hears_the_answer_or_a_sentence(@TempDir Path data) {
    firstSnippet(question -> "Sí, a las diez.");
    firstSnippet(
        question -> {
          throw new IllegalStateException();
        });
    secondSnippet(data).close();

    assertThat(spoken).hasSize(2).startsWith("Sí, a las diez.").doesNotContainNull();
  }

  @Test
  void every_java_snippet_of_the_readme_is_one_of_these() throws IOException {
    String readme = Files.readString(Path.of("../../README.md"));
    List<String> compiled =
        between(
            Files.readString(
                Path.of("src/test/java/dev/fusible/examples/receptionist/ReadmeTest.java")),
            "    // README\n",
            "    // end\n");

    List<String> shown = between(readme, "```java\n", "```\n");

    assertThat(shown).isNotEmpty();
    assertThat(compiled.stream().map(code -> code.replaceAll("(?m)^ {4}", ""))).containsAll(shown);
  }

  private static List<String> between(String text, String begin, String end) {
    List<String> found = new ArrayList<>();
    int from = text.indexOf(begin);
    while (from >= 0) {
      int to = text.indexOf(end, from);
      found.add(text.substring(from + begin.length(), to));
      from = text.indexOf(begin, to);
    }
    return found;
  }
}
