package dev.fusible.examples.receptionist;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bsc.async.AsyncGenerator;
import org.bsc.langgraph4j.NodeOutput;
import org.bsc.langgraph4j.state.AgentState;
import org.bsc.langgraph4j.streaming.StreamingOutput;

/** A language model that speaks OpenAI's protocol. It knows no limits: the guard does. */
record Model(HttpClient http, String url) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Says what {@code task} asks for, word by word; {@code next} is what comes after that. */
  AsyncGenerator<NodeOutput<AgentState>> says(AgentState state, String task, String next)
      throws IOException, InterruptedException {
    var answer = ask(task, state.<String>value("said").orElse(""));
    var events = answer.filter(line -> line.startsWith("data: ")).iterator();
    var said = new StringBuilder();
    return new AsyncGenerator.BaseCancellable<>() {
      @Override
      public Data<NodeOutput<AgentState>> next() {
        try {
          var data = events.next().substring("data: ".length());
          if (data.equals("[DONE]")) {
            return Data.done(Map.of("reply", said.toString(), "next", next));
          }
          var words = JSON.readTree(data).at("/choices/0/delta/content").asText();
          said.append(words);
          return Data.of(new StreamingOutput<>(words, "model", state, null));
        } catch (Exception broken) {
          return Data.error(broken);
        }
      }

      @Override
      public boolean cancel(boolean mayInterruptIfRunning) {
        answer.close();
        return super.cancel(mayInterruptIfRunning);
      }
    };
  }

  private Stream<String> ask(String task, String said) throws IOException, InterruptedException {
    var system = Map.of("role", "system", "content", task);
    var user = Map.of("role", "user", "content", said);
    var body = Map.of("model", "any", "stream", true, "messages", List.of(system, user));
    var json = BodyPublishers.ofString(JSON.writeValueAsString(body));
    var request = HttpRequest.newBuilder(URI.create(url + "/chat/completions")).POST(json).build();
    var response = http.send(request, BodyHandlers.ofLines());
    if (response.statusCode() != 200) {
      throw new IOException("HTTP " + response.statusCode());
    }
    return response.body();
  }
}
