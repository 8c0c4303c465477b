package dev.fusible.gateway;

/** An address can't be listened on. Its message is for the operator. */
final class PortTakenException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  /**
   * @param field the key of the configuration, such as {@code server.port}
   */
  PortTakenException(String field, String host, int port, Throwable cause) {
    super(
        field
            + ": can't listen on port "
            + port
            + " of "
            + host
            + "; another program has it, or the address is not this machine's. Choose another with"
            + (field.equals("server.port") ? " --port or --host" : " --admin-port or --admin-host"),
        cause);
  }
}
