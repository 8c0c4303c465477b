package dev.fusible.langgraph4j;

import static dev.fusible.langgraph4j.Graphs.CLINIC;
import static dev.fusible.langgraph4j.Graphs.answering;
import static dev.fusible.langgraph4j.Graphs.failing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.bsc.langgraph4j.GraphDefinition.END;
import static org.bsc.langgraph4j.GraphDefinition.START;
import static org.bsc.langgraph4j.action.AsyncNodeActionWithConfig.node_async;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import dev.fusible.CircuitBreakerState;
import dev.fusible.CircuitBreakerStore;
import dev.fusible.FallbackType;
import dev.fusible.VoiceCircuitBreakers;
import dev.fusible.testkit.ManualTime;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.bsc.langgraph4j.CompiledGraph;
import org.bsc.langgraph4j.RunnableConfig;
import org.bsc.langgraph4j.StateGraph;
import org.bsc.langgraph4j.state.AgentState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Whose circuit a node has, in which language it answers, and what is refused. */
class GuardedNodesTest {

  private final ManualTime time = new ManualTime();
  private final CircuitBreakerStore store = CircuitBreakerStore.inMemory(time);
  private final VoiceCircuitBreakers breakers = instance();

  private VoiceCircuitBreakers instance() {
    return VoiceCircuitBreakers.builder()
        .timeSource(time)
        .store(store)
        .fallbacks(Agent.sentences("es-MX", "en-US"))
        .languageFor(business -> business.startsWith("clinica") ? "es-MX" : null)
        .build();
  }

  private GuardedNodes guard() {
    return GuardedNodes.with(breakers).sentenceTo("reply");
  }

  private static RunnableConfig run(String thread, Map<String, Object> metadata) {
    return RunnableConfig.builder().threadId(thread).putMetadata(metadata).build();
  }

  private long failures(String circuit) {
    return breakers.forBusiness(circuit).getMetrics().failedExecutions();
  }

  @AfterEach
  void close() {
    breakers.close();
  }

  // --- circuits

  @Test
  void each_node_has_a_circuit_of_its_own_so_that_healthy_ones_do_not_keep_a_broken_one_closed()
      throws Exception {
    StateGraph<AgentState> graph =
        Graphs.empty()
            .addNode("greet", Place.signs("greet"))
            .addNode("model", node_async(failing()))
            .addEdge(START, "greet")
            .addEdge("greet", "model")
            .addEdge("model", END);
    CompiledGraph<AgentState> agent = guard().addTo(graph).compile();

    for (int i = 0; i < 10; i++) {
      Graphs.run(agent, CLINIC);
    }

    assertThat(breakers.forBusiness("clinica-sonrisa:model").state())
        .isEqualTo(CircuitBreakerState.OPEN);
    assertThat(breakers.forBusiness("clinica-sonrisa:greet").state())
        .isEqualTo(CircuitBreakerState.CLOSED);
    assertThat(Agent.reply(Graphs.run(agent, CLINIC)))
        .isEqualTo(Agent.sentence("es-MX", FallbackType.CIRCUIT_OPEN));
  }

  @Test
  void named_nodes_have_the_businesss_circuit() throws Exception {
    Graphs.run(guard().nodes("model").addTo(Graphs.of(failing())));

    assertThat(failures("clinica-sonrisa")).isEqualTo(1);
  }

  @Test
  void nodes_that_are_not_named_are_not_guarded() throws Exception {
    StateGraph<AgentState> graph =
        Graphs.of(failing()).addNode("other", Place.signs("other")).addEdge("other", END);

    CompiledGraph<AgentState> agent = guard().nodes("other").addTo(graph).compile();

    assertThatThrownBy(() -> Graphs.run(agent, CLINIC)).hasStackTraceContaining(Model.CANARY);
  }

  @Test
  void a_tool_may_have_a_circuit_of_its_own() throws Exception {
    Graphs.run(
        guard()
            .nodes("model")
            .circuit((business, node) -> business + ":booking")
            .addTo(Graphs.of(failing())));

    assertThat(failures("clinica-sonrisa:booking")).isEqualTo(1);
  }

  @Test
  void a_node_named_in_any_script_has_a_circuit_of_its_own() throws Exception {
    StateGraph<AgentState> graph =
        Graphs.empty()
            .addNode(
                "mañana 1", (state, config) -> CompletableFuture.failedFuture(new IOException()))
            .addEdge(START, "mañana 1")
            .addEdge("mañana 1", END);

    Graphs.run(guard().addTo(graph));

    assertThat(failures("clinica-sonrisa:ma_ana_1")).isEqualTo(1);
  }

  @Test
  void a_circuit_that_opens_here_is_open_for_whoever_shares_the_store() throws Exception {
    CompiledGraph<AgentState> agent = guard().nodes("model").addTo(Graphs.of(failing())).compile();
    for (int i = 0; i < 10; i++) {
      Graphs.run(agent, CLINIC);
    }

    try (VoiceCircuitBreakers gateway = instance()) {
      assertThat(gateway.forBusiness("clinica-sonrisa").state())
          .isEqualTo(CircuitBreakerState.OPEN);
    }
  }

  @Test
  void a_circuit_that_another_opened_is_open_here() throws Exception {
    try (VoiceCircuitBreakers gateway = instance()) {
      gateway.forBusiness("clinica-sonrisa").forceOpen("maintenance");

      AgentState state = Graphs.run(guard().nodes("model").addTo(Graphs.of(answering())));

      assertThat(Agent.reply(state)).isEqualTo(Agent.sentence("es-MX", FallbackType.CIRCUIT_OPEN));
    }
  }

  // --- whose run it is

  @Test
  void the_metadata_name_the_business() throws Exception {
    CompiledGraph<AgentState> agent = guard().nodes("model").addTo(Graphs.of(failing())).compile();

    Graphs.run(agent, run("clinica-sonrisa@1", Map.of("businessId", "austin-plumbing")));

    assertThat(failures("austin-plumbing")).isEqualTo(1);
  }

  @Test
  void the_user_may_say_whose_run_it_is() throws Exception {
    CompiledGraph<AgentState> agent =
        guard()
            .nodes("model")
            .business(config -> config.threadId().orElse("").toLowerCase(Locale.ROOT))
            .addTo(Graphs.of(failing()))
            .compile();

    Graphs.run(agent, run("TAQUERIA", Map.of()));

    assertThat(failures("taqueria")).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"call-17", "", "no good@1"})
  void runs_whose_owner_cannot_be_told_share_a_circuit(String thread) throws Exception {
    CompiledGraph<AgentState> agent = guard().nodes("model").addTo(Graphs.of(failing())).compile();

    Graphs.run(agent, run(thread, Map.of()));

    assertThat(failures("default")).isEqualTo(1);
  }

  @Test
  void functions_that_throw_lose_no_call() throws Exception {
    CompiledGraph<AgentState> agent =
        GuardedNodes.with(breakers)
            .sentenceTo("reply")
            .business(
                config -> {
                  throw new IllegalStateException();
                })
            .language(
                config -> {
                  throw new IllegalStateException();
                })
            .circuit(
                (business, node) -> {
                  throw new IllegalStateException();
                })
            .addTo(Graphs.of(failing()))
            .compile();

    assertThat(Agent.reply(Graphs.run(agent, CLINIC)))
        .isEqualTo(Agent.sentence("en-US", FallbackType.SYSTEM_ERROR));
    assertThat(failures("default")).isEqualTo(1);
  }

  // --- language

  @Test
  void the_business_has_a_language() throws Exception {
    AgentState state = Graphs.run(guard().nodes("model").addTo(Graphs.of(failing())));

    assertThat(Agent.reply(state)).startsWith("es-MX");
  }

  @Test
  void the_metadata_name_the_callers_language() throws Exception {
    CompiledGraph<AgentState> agent = guard().nodes("model").addTo(Graphs.of(failing())).compile();

    AgentState state = Graphs.run(agent, run("clinica-sonrisa@1", Map.of("language", "en-US")));

    assertThat(Agent.reply(state)).startsWith("en-US");
  }

  @Test
  void the_user_may_say_which_language() throws Exception {
    CompiledGraph<AgentState> agent =
        guard().nodes("model").language(run -> "en").addTo(Graphs.of(failing())).compile();

    assertThat(Agent.reply(Graphs.run(agent, CLINIC))).startsWith("en-US");
  }

  // --- what a fallback does

  @Test
  void a_fallback_goes_through_the_reducers() throws Exception {
    StateGraph<AgentState> graph =
        Graphs.empty()
            .addNode("greet", Place.signs("greet"))
            .addNode("model", (state, config) -> CompletableFuture.failedFuture(new IOException()))
            .addEdge(START, "greet")
            .addEdge("greet", "model")
            .addEdge("model", END);

    AgentState state =
        Graphs.run(
            GuardedNodes.with(breakers)
                .nodes("model")
                .onFallback(
                    fallback -> Map.of("lines", fallback.response().text(), "why", fallback.type()))
                .addTo(graph));

    assertThat(Agent.lines(state))
        .containsExactly("greet", Agent.sentence("es-MX", FallbackType.SYSTEM_ERROR));
    assertThat(state.<FallbackType>value("why")).contains(FallbackType.SYSTEM_ERROR);
  }

  @Test
  void nothing_of_an_exceptions_message_comes_out() throws Exception {
    Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    root.addAppender(log);
    try {
      AgentState state = Graphs.run(guard().addTo(Graphs.of(failing())));

      assertThat(state.data().toString()).doesNotContain(Model.CANARY);
      assertThat(log.list)
          .noneMatch(
              event ->
                  event.getFormattedMessage().contains(Model.CANARY)
                      || ThrowableProxyUtil.asString(event.getThrowableProxy())
                          .contains(Model.CANARY));
    } finally {
      root.detachAppender(log);
    }
  }

  // --- what is refused

  @Test
  void a_guard_must_say_what_a_fallback_does() {
    assertThatIllegalStateException()
        .isThrownBy(() -> GuardedNodes.with(breakers).addTo(Graphs.of(answering())))
        .withMessageContaining("sentenceTo");
  }

  @Test
  void a_node_that_does_not_exist_is_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> guard().nodes("modle").addTo(Graphs.of(answering())))
        .withMessageContaining("modle");
  }

  @Test
  void a_guard_may_be_added_to_several_graphs() throws Exception {
    GuardedNodes guard = guard().nodes("model");

    List<AgentState> states =
        List.of(
            Graphs.run(guard.addTo(Graphs.of(failing()))),
            Graphs.run(guard.addTo(Graphs.of(failing()))));

    assertThat(states).allMatch(state -> Agent.reply(state).startsWith("es-MX"));
    assertThat(failures("clinica-sonrisa")).isEqualTo(2);
  }

  @Test
  void after_close_a_run_fails_and_says_so() throws Exception {
    CompiledGraph<AgentState> agent = guard().addTo(Graphs.of(answering())).compile();
    breakers.close();

    assertThatThrownBy(() -> Graphs.run(agent, CLINIC))
        .hasStackTraceContaining("VoiceCircuitBreakers is closed");
  }
}
