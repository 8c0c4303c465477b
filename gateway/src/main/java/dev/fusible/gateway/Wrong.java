package dev.fusible.gateway;

/** A value that can't be; the message says what to write instead, without repeating it. */
final class Wrong extends Exception {

  private static final long serialVersionUID = 1L;

  Wrong(String instead) {
    super(instead, null, false, false);
  }

  String instead() {
    return String.valueOf(getMessage());
  }
}
