package dev.fusible.gateway;

import io.vertx.core.buffer.Buffer;

/**
 * An upstream said no, and is not to blame: it counts as neither success nor failure. Without a
 * stack or a message.
 */
abstract sealed class UpstreamRefusal extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private UpstreamRefusal() {
    super(null, null, false, false);
  }

  /** The caller's own mistake: the upstream's answer goes back as it is. */
  static final class OfCaller extends UpstreamRefusal {

    private static final long serialVersionUID = 1L;

    private final int status;
    private final transient Buffer body;

    OfCaller(int status, Buffer body) {
      this.status = status;
      this.body = body;
    }

    int status() {
      return status;
    }

    Buffer body() {
      return body;
    }
  }

  /** The operator's: the key, the address or the model is wrong. */
  static final class OfOperator extends UpstreamRefusal {

    private static final long serialVersionUID = 1L;

    private final int status;

    OfOperator(int status) {
      this.status = status;
    }

    int status() {
      return status;
    }
  }
}
