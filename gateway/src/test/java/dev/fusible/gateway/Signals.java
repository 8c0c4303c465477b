package dev.fusible.gateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.Stream;

/** Signals for processes of our own and all that they have started. */
final class Signals {

  private Signals() {}

  /** The process stands still: its connections stay open, and nothing comes. */
  static void stop(ProcessHandle process) {
    send("STOP", process);
  }

  /** It goes on, and knows nothing of the time in between. */
  static void resume(ProcessHandle process) {
    send("CONT", process);
  }

  /** It is gone at once, as when the machine runs out of memory. */
  static void kill(ProcessHandle process) {
    List<ProcessHandle> all = family(process);
    send("KILL", process);
    all.forEach(each -> each.onExit().join());
  }

  private static List<ProcessHandle> family(ProcessHandle process) {
    return Stream.concat(Stream.of(process), process.descendants()).toList();
  }

  private static void send(String signal, ProcessHandle process) {
    List<String> pids =
        family(process).stream().filter(ProcessHandle::isAlive).map(p -> "" + p.pid()).toList();
    if (pids.isEmpty()) {
      return;
    }
    try {
      Process kill =
          new ProcessBuilder(Stream.concat(Stream.of("kill", "-" + signal), pids.stream()).toList())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      kill.onExit().join();
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }
}
