package dev.fusible.langgraph4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.VoiceCircuitBreakers;
import java.util.Map;
import org.bsc.langgraph4j.CompiledGraph;
import org.bsc.langgraph4j.GraphStateException;
import org.bsc.langgraph4j.StateGraph;
import org.bsc.langgraph4j.state.AgentState;
import org.junit.jupiter.api.Test;

/** The lines that guard a graph, as the README shows them. */
class ReadmeTest {

  private static CompiledGraph<AgentState> guarded(StateGraph<AgentState> graph)
      throws GraphStateException {
    // README
    var breakers = VoiceCircuitBreakers.builder().language("es-MX").build();
    GuardedNodes.with(breakers).sentenceTo("reply").addTo(graph);
    var agent = graph.compile();
    // end
    return agent;
  }

  @Test
  void a_caller_hears_the_answer_or_a_sentence() throws Exception {
    CompiledGraph<AgentState> healthy = guarded(Graphs.of(Graphs.answering()));
    CompiledGraph<AgentState> broken = guarded(Graphs.of(Graphs.failing()));

    assertThat(Agent.reply(healthy.invoke(Map.of()).orElseThrow())).isEqualTo(Model.ANSWER);
    assertThat(Agent.reply(broken.invoke(Map.of()).orElseThrow()))
        .isNotEqualTo(Model.ANSWER)
        .containsIgnoringCase("llam");
  }
}
