package dev.fusible.examples.receptionist;

import static org.bsc.langgraph4j.action.AsyncEdgeAction.edge_async;
import static org.bsc.langgraph4j.action.AsyncNodeAction.node_async;

import dev.fusible.VoiceCircuitBreakers;
import dev.fusible.langgraph4j.GuardedNodes;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.bsc.langgraph4j.CompileConfig;
import org.bsc.langgraph4j.CompiledGraph;
import org.bsc.langgraph4j.RunnableConfig;
import org.bsc.langgraph4j.StateGraph;
import org.bsc.langgraph4j.action.AsyncNodeAction;
import org.bsc.langgraph4j.checkpoint.FileSystemSaver;
import org.bsc.langgraph4j.state.AgentState;
import org.bsc.langgraph4j.streaming.StreamingOutput;

/**
 * Greets, finds a slot, books it and confirms. Each turn of a call goes on where the last one came
 * to, so one that ended in a fallback is taken again. A booking has one id, however often it is
 * asked for; when its answer does not come it is looked up, and it is confirmed only when seen.
 */
final class Receptionist {

  private final HttpClient http = HttpClient.newHttpClient();
  private final Model model;
  private final String deskUrl;
  private final CompiledGraph<AgentState> agent;

  Receptionist(VoiceCircuitBreakers breakers, String modelUrl, String deskUrl, Path calls)
      throws Exception {
    this.model = new Model(http, modelUrl);
    this.deskUrl = deskUrl;
    var graph =
        new StateGraph<>(AgentState::new)
            .addNode("greet", says("Greet the caller and ask for a day.", "find"))
            .addNode("find", says("Offer Tuesday at ten and ask whether to book it.", "book"))
            .addNode("book", node_async(state -> booking("PUT", state)))
            .addNode("look_up", node_async(state -> booking("GET", state)))
            .addNode("confirm", says("It is booked: say so.", "confirm"))
            .addConditionalEdges(
                StateGraph.START,
                edge_async(state -> state.<String>value("next").orElse("greet")),
                Map.of("greet", "greet", "find", "find", "book", "book", "confirm", "confirm"))
            .addEdge("greet", StateGraph.END)
            .addEdge("find", StateGraph.END)
            .addEdge("book", "confirm")
            .addEdge("look_up", "confirm")
            .addEdge("confirm", StateGraph.END);
    String[] speaking = {"greet", "find", "confirm"};
    var words = GuardedNodes.with(breakers).nodes(speaking).streaming(speaking);
    words.sentenceTo("reply").addTo(graph);
    // The booking system is another upstream than the model: it has a circuit of its own.
    var desk = GuardedNodes.with(breakers).circuit((business, node) -> business + ":booking");
    desk.sentenceTo("reply").nodes("book").goTo("look_up").addTo(graph);
    desk.nodes("look_up").streaming("look_up").goTo(StateGraph.END).addTo(graph);
    var saver = new FileSystemSaver(calls, graph.getStateSerializer());
    agent = graph.compile(CompileConfig.builder().checkpointSaver(saver).build());
  }

  private AsyncNodeAction<AgentState> says(String task, String next) {
    return node_async(state -> Map.of("words", model.says(state, task, next)));
  }

  private Map<String, Object> booking(String method, AgentState state) throws Exception {
    var uri = URI.create(deskUrl + "/" + state.<String>value("call").orElse("") + "-tuesday-10");
    var request = HttpRequest.newBuilder(uri).method(method, BodyPublishers.noBody()).build();
    var status = http.send(request, BodyHandlers.discarding()).statusCode();
    if (status != 200) {
      throw new IllegalStateException("HTTP " + status);
    }
    return Map.of("next", "confirm");
  }

  /** One turn of a call: the words of the answer, as they come. */
  Stream<String> turn(String business, String call, String said) {
    var run = RunnableConfig.builder().threadId(business + "@" + call).build();
    return agent.stream(Map.of("said", said, "call", call), run).stream()
        .map(output -> output instanceof StreamingOutput<AgentState> words ? words.chunk() : "")
        .filter(words -> !words.isEmpty());
  }
}
