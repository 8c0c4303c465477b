package dev.fusible;

import java.util.regex.Pattern;

/**
 * How circuits are told apart. A business may be called like an upstream, so an upstream's circuit
 * has a key with a slash, which no business's id has.
 */
final class CircuitId {

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._:-]{1,128}");
  private static final String UPSTREAM = "upstream/";

  private CircuitId() {}

  static String ofBusiness(String businessId) {
    return checked("businessId", businessId);
  }

  static String ofUpstream(String name) {
    return UPSTREAM + checked("upstream", name);
  }

  private static String checked(String what, String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          what + " must be 1 to 128 characters of A-Z a-z 0-9 . _ : -");
    }
    return name;
  }

  static boolean isUpstream(String id) {
    return id.startsWith(UPSTREAM);
  }

  /** The name of the upstream whose id this is. */
  static String upstream(String id) {
    return id.substring(UPSTREAM.length());
  }

  /** What listeners and operators see. */
  static String shown(String id) {
    return isUpstream(id) ? "upstream:" + upstream(id) : id;
  }
}
