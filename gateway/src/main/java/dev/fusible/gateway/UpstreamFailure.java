package dev.fusible.gateway;

import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import javax.net.ssl.SSLException;

/**
 * Why an upstream's answer is none. The name of the class is the code that is logged, stored and
 * shown; there is no message, so that nothing of what the upstream wrote gets out.
 */
abstract sealed class UpstreamFailure extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private UpstreamFailure() {
    super(null, null, false, false);
  }

  /** Nobody listens there. */
  static final class ConnectionRefused extends UpstreamFailure {}

  /** The connection did not come about in time. */
  static final class ConnectTimeout extends UpstreamFailure {}

  /** The name has no address. */
  static final class UnknownHost extends UpstreamFailure {}

  /** The certificate is not to be trusted, or the peer speaks no TLS. */
  static final class TlsFailed extends UpstreamFailure {}

  /** The connection broke before an answer began. */
  static final class ConnectionReset extends UpstreamFailure {}

  /** A status of 500 and above. */
  static final class ServerError extends UpstreamFailure {}

  /** A status of 429. */
  static final class RateLimited extends UpstreamFailure {}

  /** Any other status that a chat completion does not have. */
  static final class UnexpectedStatus extends UpstreamFailure {}

  /** A page, or anything else that is no chat completion. */
  static final class NotAnAnswer extends UpstreamFailure {}

  /** An error in the body of a 200. */
  static final class ErrorInAnswer extends UpstreamFailure {}

  /** A whole answer with nothing to say and no tool to call. */
  static final class EmptyAnswer extends UpstreamFailure {}

  /** The answer ended before its end. */
  static final class CutAnswer extends UpstreamFailure {}

  /** The answer, or a line of it, is over its limit. */
  static final class AnswerTooLong extends UpstreamFailure {}

  /** A tool call without a name, or with arguments that are no JSON. */
  static final class BrokenToolCall extends UpstreamFailure {}

  /** What a client's connection came to. */
  static UpstreamFailure of(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof UpstreamFailure failure) {
        return failure;
      }
      if (cause instanceof SSLException) {
        return new TlsFailed();
      }
      if (cause instanceof UnknownHostException) {
        return new UnknownHost();
      }
      // Netty's exception for a connection that takes too long is a ConnectException by another
      // name.
      if (cause instanceof SocketTimeoutException
          || cause.getClass().getSimpleName().equals("ConnectTimeoutException")) {
        return new ConnectTimeout();
      }
      if (cause instanceof ConnectException || cause instanceof NoRouteToHostException) {
        return new ConnectionRefused();
      }
    }
    return new ConnectionReset();
  }
}
