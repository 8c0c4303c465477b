package dev.fusible.gateway;

/** What a gateway needs can't be had. Its message is for the operator: the field and what to do. */
final class NotStartedException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  private NotStartedException(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * An address can't be listened on.
   *
   * @param field the key of the configuration, such as {@code server.port}
   */
  static NotStartedException port(String field, String host, int port, Throwable cause) {
    String options =
        field.equals("server.port") ? "--port or --host" : "--admin-port or --admin-host";
    return new NotStartedException(
        field
            + ": can't listen on port "
            + port
            + " of "
            + host
            + "; another program has it, or the address is not this machine's. Choose another with "
            + options,
        cause);
  }

  /** There can be no such file. */
  static NotStartedException store(Throwable cause) {
    return new NotStartedException(
        "store: can't write the file or make its folder; mend the permissions, start in another"
            + " folder, or choose another file with --store",
        cause);
  }
}
