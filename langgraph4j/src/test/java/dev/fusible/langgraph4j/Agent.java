package dev.fusible.langgraph4j;

import dev.fusible.CircuitBreakerState;
import dev.fusible.FallbackResponses;
import dev.fusible.FallbackType;
import dev.fusible.VoiceCircuitBreaker;
import dev.fusible.VoiceCircuitBreakers;
import dev.fusible.testkit.ManualTime;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bsc.langgraph4j.CompileConfig;
import org.bsc.langgraph4j.CompiledGraph;
import org.bsc.langgraph4j.GraphInput;
import org.bsc.langgraph4j.GraphStateException;
import org.bsc.langgraph4j.RunnableConfig;
import org.bsc.langgraph4j.StateGraph;
import org.bsc.langgraph4j.checkpoint.MemorySaver;
import org.bsc.langgraph4j.state.AgentState;

/** A guarded graph, its breakers on manual time, and the calls that it answers. */
final class Agent implements AutoCloseable {

  static final String BUSINESS = "clinica-sonrisa";

  final ManualTime time = new ManualTime();
  final VoiceCircuitBreakers breakers =
      VoiceCircuitBreakers.builder()
          .timeSource(time)
          .fallbacks(sentences("es-MX", "en-US"))
          .language("es-MX")
          .build();
  final VoiceCircuitBreaker breaker = breakers.forBusiness(BUSINESS);
  final Model model;
  final CompiledGraph<AgentState> graph;
  private final RunnableConfig config;
  private final boolean interrupts;

  Agent(Place place, Model.Style style, String language) throws GraphStateException {
    this(place, style, language, guarded -> guarded.sentenceTo("reply"));
  }

  Agent(Place place, Model.Style style, String language, UnaryOperator<GuardedNodes> more)
      throws GraphStateException {
    this(place.guardedName(), new Model(), style, place, language, more);
  }

  private Agent(
      String guardedName,
      Model model,
      Model.Style style,
      Place place,
      String language,
      UnaryOperator<GuardedNodes> more)
      throws GraphStateException {
    this.model = model;
    this.interrupts = place == Place.INTERRUPTED;
    StateGraph<AgentState> definition = place.graph(model.action(style));
    more.apply(GuardedNodes.with(breakers).nodes(guardedName)).addTo(definition);
    this.graph = compile(definition);
    this.config =
        RunnableConfig.builder()
            .threadId(BUSINESS + "@call-1")
            .addMetadata("language", language)
            .build();
  }

  /** Sentences that say what they are. */
  static FallbackResponses sentences(String... languages) {
    FallbackResponses.Builder builder = FallbackResponses.builder();
    for (String language : languages) {
      for (FallbackType type : FallbackType.values()) {
        builder.sentence(language, type, sentence(language, type));
      }
    }
    return builder.build();
  }

  static String sentence(String language, FallbackType type) {
    return language + " " + type;
  }

  /** Begins a call, on a thread of its own, up to where the model is asked. */
  Run begin() throws Exception {
    return begin(graph);
  }

  /** The same call to the same graph without a guard. */
  Run unguarded(Place place, Model.Style style) throws Exception {
    return begin(compile(place.graph(model.action(style))));
  }

  private static CompiledGraph<AgentState> compile(StateGraph<AgentState> definition)
      throws GraphStateException {
    return definition.compile(CompileConfig.builder().checkpointSaver(new MemorySaver()).build());
  }

  private Run begin(CompiledGraph<AgentState> of) throws Exception {
    if (!interrupts) {
      return new Run(of, GraphInput.args(Map.of()), config);
    }
    Run interrupted = new Run(of, GraphInput.args(Map.of()), config);
    interrupted.awaitEnd();
    if (!interrupted.wasInterrupted()) {
      throw new AssertionError("the run was not interrupted");
    }
    return new Run(of, GraphInput.resume(), of.updateState(config, Map.of("approved", true)));
  }

  /** The state that the saver has after a call. */
  AgentState savedState() {
    return graph.getState(config).state();
  }

  /** Opens the circuit as real failures do. */
  void openCircuit() {
    for (int i = 0; i < 10; i++) {
      breaker.execute(
          () -> {
            throw new IllegalStateException();
          });
    }
    if (breaker.state() != CircuitBreakerState.OPEN) {
      throw new AssertionError("the circuit is not open");
    }
  }

  void makeTrialDue() {
    openCircuit();
    time.advance(Duration.ofSeconds(30));
    breaker.resetMetrics();
  }

  static List<String> lines(AgentState state) {
    return state.<List<String>>value("lines").orElse(List.of());
  }

  static String reply(AgentState state) {
    return state.<String>value("reply").orElse("");
  }

  @Override
  public void close() {
    model.release();
    breakers.close();
  }
}
