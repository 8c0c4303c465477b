package dev.fusible.langgraph4j;

import static dev.fusible.langgraph4j.Graphs.CLINIC;
import static dev.fusible.langgraph4j.Graphs.answering;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.bsc.langgraph4j.GraphDefinition.END;
import static org.bsc.langgraph4j.GraphDefinition.START;
import static org.bsc.langgraph4j.action.AsyncEdgeAction.edge_async;
import static org.bsc.langgraph4j.action.AsyncNodeActionWithConfig.node_async;

import dev.fusible.CircuitBreakerMetrics;
import dev.fusible.CircuitBreakerState;
import dev.fusible.FallbackType;
import dev.fusible.langgraph4j.Model.Fault;
import dev.fusible.langgraph4j.Model.Style;
import java.time.Duration;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.bsc.langgraph4j.CompileConfig;
import org.bsc.langgraph4j.CompiledGraph;
import org.bsc.langgraph4j.GraphInput;
import org.bsc.langgraph4j.RunnableConfig;
import org.bsc.langgraph4j.StateGraph;
import org.bsc.langgraph4j.action.AsyncNodeActionWithConfig;
import org.bsc.langgraph4j.checkpoint.Checkpoint;
import org.bsc.langgraph4j.checkpoint.MemorySaver;
import org.bsc.langgraph4j.state.AgentState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;

/** On which threads nodes run, what they see there, and how a call ends before its node does. */
class GuardedThreadsTest {

  private static final ThreadLocal<String> TENANT = new ThreadLocal<>();

  private Agent agent;

  @BeforeEach
  void agent() throws Exception {
    agent = new Agent(Place.ALONE, Style.PLAIN, "es-MX");
  }

  @AfterEach
  void close() {
    MDC.clear();
    TENANT.remove();
    agent.close();
    assertThat(agent.time.pendingTasks()).isZero();
  }

  private GuardedNodes guard() {
    return GuardedNodes.with(agent.breakers).nodes("model").sentenceTo("reply");
  }

  private CompiledGraph<AgentState> guarded(AsyncNodeActionWithConfig<AgentState> model)
      throws Exception {
    return guard().addTo(Graphs.ofAsync(model)).compile();
  }

  // --- threads

  @Test
  void a_node_runs_on_another_thread_and_all_that_follows_it_on_the_callers() throws Exception {
    List<Thread> threads = new CopyOnWriteArrayList<>();
    AtomicReference<Thread> node = new AtomicReference<>();
    StateGraph<AgentState> graph =
        Graphs.empty()
            .addNode(
                "model",
                node_async(
                    (state, config) -> {
                      node.set(Thread.currentThread());
                      throw new IllegalStateException();
                    }))
            .addEdge(START, "model")
            .addConditionalEdges(
                "model",
                edge_async(
                    state -> {
                      threads.add(Thread.currentThread());
                      return "end";
                    }),
                Map.of("end", END));
    MemorySaver saver =
        new MemorySaver() {
          @Override
          protected LinkedList<Checkpoint> loadCheckpoints(RunnableConfig config) throws Exception {
            threads.add(Thread.currentThread());
            return super.loadCheckpoints(config);
          }
        };

    Graphs.run(
        guard().addTo(graph).compile(CompileConfig.builder().checkpointSaver(saver).build()),
        CLINIC);

    assertThat(node.get()).isNotSameAs(Thread.currentThread());
    assertThat(threads).hasSizeGreaterThan(1).containsOnly(Thread.currentThread());
  }

  @Test
  void also_after_a_limit_that_fired_on_the_timers_thread() throws Exception {
    List<Thread> threads = new CopyOnWriteArrayList<>();
    agent.close();
    agent =
        new Agent(
            Place.ALONE,
            Style.PLAIN,
            "es-MX",
            guarded ->
                guarded.onFallback(
                    fallback -> {
                      threads.add(Thread.currentThread());
                      return Map.of("reply", fallback.response().text());
                    }));
    agent.model.fault = Fault.HANGS;
    Run run = agent.begin();
    agent.model.awaitHanging();

    agent.time.advance(Duration.ofSeconds(8));

    run.awaitEnd();
    assertThat(threads).containsExactly(run.driver);
  }

  @Test
  void a_node_sees_the_callers_logging_context_and_leaves_none_behind() throws Exception {
    List<String> seen = new CopyOnWriteArrayList<>();
    CompiledGraph<AgentState> graph =
        guard()
            .executor(
                task -> {
                  Thread thread =
                      new Thread(
                          () -> {
                            task.run();
                            seen.add("after: " + MDC.get("call"));
                          });
                  thread.start();
                })
            .addTo(
                Graphs.of(
                    (state, config) -> {
                      seen.add(MDC.get("call"));
                      return Map.of();
                    }))
            .compile();
    MDC.put("call", "17");

    Graphs.run(graph, CLINIC);

    await().until(() -> seen.size() == 2);
    assertThat(seen).containsExactly("17", "after: null");
    assertThat(MDC.get("call")).isEqualTo("17");
  }

  @Test
  void thread_locals_come_along_with_an_executor_that_carries_them() throws Exception {
    Executor carrying =
        task -> {
          String tenant = TENANT.get();
          agent
              .breakers
              .executor()
              .execute(
                  () -> {
                    TENANT.set(tenant);
                    task.run();
                  });
        };
    TENANT.set("clinica");

    AgentState state =
        Graphs.run(
            guard()
                .executor(carrying)
                .addTo(Graphs.of((s, config) -> Map.of("tenant", TENANT.get()))));

    assertThat(state.<String>value("tenant")).contains("clinica");
  }

  @Test
  void without_a_change_of_thread_the_limit_is_on_the_future() throws Exception {
    CompletableFuture<Map<String, Object>> never = new CompletableFuture<>();
    AtomicReference<Thread> asked = new AtomicReference<>();
    CompiledGraph<AgentState> graph =
        guard()
            .executor(Runnable::run)
            .addTo(
                Graphs.ofAsync(
                    (state, config) -> {
                      asked.set(Thread.currentThread());
                      return never;
                    }))
            .compile();
    Run run = new Run(graph, GraphInput.args(Map.of()), CLINIC);
    await().until(() -> agent.time.pendingTasks() == 1 && asked.get() != null);

    agent.time.advance(Duration.ofSeconds(8));

    assertThat(Agent.reply(run.state())).isEqualTo(sentence(FallbackType.TIMEOUT));
    assertThat(asked.get()).isSameAs(run.driver);
    await().until(never::isCancelled);
  }

  // --- how a call ends

  @Test
  void a_cancellation_of_the_nodes_own_comes_out_and_counts_as_neither() throws Exception {
    CompiledGraph<AgentState> graph =
        guarded(
            node_async(
                (state, config) -> {
                  throw new CancellationException("barge-in");
                }));

    assertThatThrownBy(() -> Graphs.run(graph, CLINIC)).hasStackTraceContaining("barge-in");
    assertThat(settled()).isZero();
  }

  @Test
  void an_error_comes_out_and_counts() throws Exception {
    CompiledGraph<AgentState> graph =
        guarded(
            node_async(
                (state, config) -> {
                  throw new StackOverflowError();
                }));

    assertThatThrownBy(() -> Graphs.run(graph, CLINIC))
        .hasRootCauseInstanceOf(StackOverflowError.class);
    assertThat(agent.breaker.getMetrics().failedExecutions()).isEqualTo(1);
  }

  @Test
  void a_node_that_gets_no_thread_is_answered_with_a_sentence_and_blamed_for_nothing()
      throws Exception {
    AgentState state =
        Graphs.run(
            guard()
                .executor(
                    task -> {
                      throw new RejectedExecutionException();
                    })
                .addTo(Graphs.of(answering())));

    assertThat(Agent.reply(state)).isEqualTo(sentence(FallbackType.SYSTEM_ERROR));
    assertThat(settled()).isZero();
  }

  @Test
  void no_answer_at_all_is_a_failure() throws Exception {
    AgentState nothing = Graphs.run(guarded((state, config) -> null), CLINIC);
    AgentState nothingLater =
        Graphs.run(guarded((state, config) -> CompletableFuture.completedFuture(null)), CLINIC);

    assertThat(List.of(nothing, nothingLater))
        .allMatch(state -> Agent.reply(state).equals(sentence(FallbackType.SYSTEM_ERROR)));
    assertThat(agent.breaker.getMetrics().failedExecutions()).isEqualTo(2);
  }

  @Test
  void a_thread_that_is_interrupted_stays_so() throws Exception {
    agent.model.fault = Fault.HANGS;
    Run run = agent.begin();
    agent.model.awaitHanging();

    run.driver.interrupt();

    assertThat(run.failure()).hasRootCauseInstanceOf(CancellationException.class);
    assertThat(run.keptInterrupt).isTrue();
    assertThat(agent.model.wasStopped()).isTrue();
  }

  @Test
  void the_interrupt_that_stops_a_node_reaches_nobody_else() throws Exception {
    List<Boolean> interrupted = new CopyOnWriteArrayList<>();
    agent.model.fault = Fault.HANGS;
    CompiledGraph<AgentState> graph =
        guard()
            .executor(
                task ->
                    new Thread(
                            () -> {
                              task.run();
                              interrupted.add(Thread.currentThread().isInterrupted());
                            })
                        .start())
            .addTo(Graphs.ofAsync(agent.model.action(Style.PLAIN)))
            .compile();
    Run run = new Run(graph, GraphInput.args(Map.of()), CLINIC);
    agent.model.awaitHanging();

    agent.time.advance(Duration.ofSeconds(8));

    run.awaitEnd();
    await().until(() -> !interrupted.isEmpty());
    assertThat(interrupted).containsExactly(false);
  }

  @Test
  void the_caller_of_a_slow_trial_is_answered_while_the_trial_goes_on() throws Exception {
    agent.makeTrialDue();
    agent.model.fault = Fault.HANGS;
    Run run = agent.begin();
    agent.model.awaitHanging();

    agent.time.advance(Duration.ofSeconds(3));
    assertThat(Agent.reply(run.state())).isEqualTo(sentence(FallbackType.TIMEOUT));
    assertThat(agent.breaker.state()).isEqualTo(CircuitBreakerState.HALF_OPEN);
    agent.model.release();

    await().until(() -> agent.breaker.state() == CircuitBreakerState.CLOSED);
  }

  private static String sentence(FallbackType type) {
    return Agent.sentence("es-MX", type);
  }

  private long settled() {
    CircuitBreakerMetrics metrics = agent.breaker.getMetrics();
    return metrics.successfulExecutions() + metrics.failedExecutions();
  }
}
