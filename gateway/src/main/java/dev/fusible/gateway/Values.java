package dev.fusible.gateway;

import dev.fusible.gateway.GatewayConfig.Secret;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Arrays;
import java.util.IllformedLocaleException;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the texts of a configuration can mean. */
final class Values {

  private static final Pattern DURATION =
      Pattern.compile("(-?)(\\d{1,9}(?:\\.\\d{1,3})?)(ms|s|m|h)");
  private static final Duration LONGEST = Duration.ofHours(24);
  private static final Pattern WHOLE_NUMBER = Pattern.compile("-?\\d{1,9}");
  private static final Pattern NUMBER = Pattern.compile("-?\\d{1,9}(\\.\\d{1,9})?");
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9._:-]{1,128}");
  private static final Pattern SHA_256 = Pattern.compile("[0-9a-fA-F]{64}");
  private static final String SHA_256_OF_NOTHING =
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  private static final Pattern VISIBLE_ASCII = Pattern.compile("[!-~]{1,4096}");
  private static final Pattern LABEL = Pattern.compile("[^\\p{Cntrl}]{1,200}");
  private static final Pattern PHONE = Pattern.compile("[^\\p{Cntrl}{}]{1,40}");
  private static final Pattern HOST =
      Pattern.compile("[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*");
  private static final Pattern VERSION_IN_PATH = Pattern.compile("/v\\d[^/]*(/|$)");
  private static final Pattern SQLITE =
      Pattern.compile("jdbc:sqlite:(?!file:)[^:?\\p{Cntrl}][^?\\p{Cntrl}]*");

  private static final Pattern POSTGRESQL =
      Pattern.compile("jdbc:postgresql://[^/?@\\p{Cntrl} ]+/[^/?\\p{Cntrl} ]+(\\?[!-~]*)?");

  static final String HASH_FIX =
      "write the SHA-256 of the key as 64 hexadecimal digits: printf %s KEY | sha256sum";

  private Values() {}

  /** Longer than zero. */
  static Duration duration(String text) throws Wrong {
    Duration duration = durationOrZero(text);
    if (duration.isZero()) {
      throw new Wrong("must be longer than zero, such as 500ms, 30s or 5m");
    }
    return duration;
  }

  static Duration durationOrZero(String text) throws Wrong {
    Matcher parts = DURATION.matcher(text);
    if (!parts.matches()) {
      throw new Wrong(
          NUMBER.matcher(text).matches()
              ? "needs a unit; write ms, s, m or h behind the number, such as 500ms or 30s"
              : "must be a duration such as 500ms, 4.5s, 30s or 5m");
    }
    if (!parts.group(1).isEmpty()) {
      throw new Wrong("must not be negative");
    }
    BigDecimal millis =
        new BigDecimal(parts.group(2)).multiply(BigDecimal.valueOf(millisIn(parts.group(3))));
    if (millis.stripTrailingZeros().scale() > 0) {
      throw new Wrong("must be a whole number of milliseconds");
    }
    Duration duration = Duration.ofMillis(millis.longValueExact());
    if (duration.compareTo(LONGEST) > 0) {
      throw new Wrong("must be at most 24h");
    }
    return duration;
  }

  private static long millisIn(String unit) {
    return switch (unit) {
      case "ms" -> 1;
      case "s" -> 1_000;
      case "m" -> 60_000;
      default -> 3_600_000;
    };
  }

  static int wholeNumber(String text) throws Wrong {
    if (!WHOLE_NUMBER.matcher(text).matches()) {
      throw new Wrong("must be a whole number, such as 5");
    }
    return Integer.parseInt(text);
  }

  static double number(String text) throws Wrong {
    if (!NUMBER.matcher(text).matches()) {
      throw new Wrong("must be a number, such as 0.5");
    }
    return Double.parseDouble(text);
  }

  static int port(String text) throws Wrong {
    int port = WHOLE_NUMBER.matcher(text).matches() ? Integer.parseInt(text) : -1;
    if (port < 0 || port > 65_535) {
      throw new Wrong("must be a port from 1 to 65535, or 0 for any free one");
    }
    return port;
  }

  static String host(String text) throws Wrong {
    if (!HOST.matcher(text).matches()) {
      throw new Wrong(
          "must be one address or host name without port, such as 127.0.0.1, 0.0.0.0 or ::1");
    }
    return text;
  }

  static String store(String text) throws Wrong {
    if (!SQLITE.matcher(text).matches() && !POSTGRESQL.matcher(text).matches()) {
      throw new Wrong(
          "must be jdbc:sqlite: and a file, such as jdbc:sqlite:./data/fusible.db, or"
              + " jdbc:postgresql://host:port/database?user=...&password=...");
    }
    return text;
  }

  static String id(String text) throws Wrong {
    if (!ID.matcher(text).matches()) {
      throw new Wrong("must be 1 to 128 letters, digits and . _ : - without spaces or accents");
    }
    return text;
  }

  /** An id that the admin port does not take for an upstream's. */
  static String businessId(String text) throws Wrong {
    if (text.startsWith(ListedCircuits.UPSTREAM)) {
      throw new Wrong("must not begin with upstream: as the admin port calls upstreams so");
    }
    return id(text);
  }

  /** SHA-256 in lower-case hexadecimal. */
  static String sha256(String text) throws Wrong {
    if (!SHA_256.matcher(text).matches()) {
      throw new Wrong("must not be a key itself; " + HASH_FIX);
    }
    String hash = text.toLowerCase(Locale.ROOT);
    if (hash.equals(SHA_256_OF_NOTHING)) {
      throw new Wrong("is the SHA-256 of an empty text; " + HASH_FIX);
    }
    return hash;
  }

  /** A secret that is sent or received in a header. */
  static Secret secret(String text) throws Wrong {
    if (!VISIBLE_ASCII.matcher(text).matches()) {
      throw new Wrong("must be visible ASCII characters without spaces, as it goes into a header");
    }
    return new Secret(text);
  }

  /** Something for people to read. */
  static String label(String text) throws Wrong {
    if (!LABEL.matcher(text).matches()) {
      throw new Wrong("must be 1 to 200 characters on one line");
    }
    return text;
  }

  static String phone(String text) throws Wrong {
    if (!PHONE.matcher(text).matches()) {
      throw new Wrong("must be the number as it is spoken, 1 to 40 characters without braces");
    }
    return text;
  }

  /** A well-formed tag of a language that there is, in its usual spelling. */
  static String language(String text) throws Wrong {
    try {
      Locale locale = new Locale.Builder().setLanguageTag(text).build();
      if (Arrays.asList(Locale.getISOLanguages()).contains(locale.getLanguage())) {
        return locale.toLanguageTag();
      }
    } catch (IllformedLocaleException malformed) {
      // Refused below.
    }
    throw new Wrong("must be a language tag such as es-MX or en-US");
  }

  static String kind(String text) throws Wrong {
    if (text.equals("langgraph")) {
      throw new Wrong("is not available: this version takes openai only, langgraph comes later");
    }
    if (!text.equals("openai")) {
      throw new Wrong("must be openai");
    }
    return text;
  }

  /** The base URL of an OpenAI-compatible server, without a slash at its end. */
  static URI openAiUrl(String text) throws Wrong {
    String fix = "; write its base URL, such as https://api.openai.com/v1";
    URI url;
    try {
      url = new URI(text.replaceAll("/+$", ""));
    } catch (URISyntaxException malformed) {
      throw new Wrong("is not a URL" + fix);
    }
    if (!List.of("http", "https").contains(String.valueOf(url.getScheme()))
        || url.getRawAuthority() == null) {
      throw new Wrong("must begin with http:// or https:// and a host" + fix);
    }
    if (url.getRawAuthority().contains("@")) {
      throw new Wrong("must not hold credentials; write the key into apiKey beside it");
    }
    if (url.getHost() == null || url.getPort() == 0 || url.getPort() > 65_535) {
      throw new Wrong(
          "has a host with other than letters, digits, dots and hyphens, or a bad port" + fix);
    }
    if (url.getRawQuery() != null || url.getRawFragment() != null) {
      throw new Wrong("must not have a ? or # part" + fix);
    }
    if (url.getPath().endsWith("/completions")) {
      throw new Wrong("must be the base URL only; leave out /chat/completions");
    }
    if (!VERSION_IN_PATH.matcher(url.getPath()).find()) {
      throw new Wrong("lacks its version; write /v1 behind it, such as https://api.openai.com/v1");
    }
    return url;
  }

  /** As it is written in a configuration. */
  static String text(Duration duration) {
    long millis = duration.toMillis();
    if (millis % 1_000 != 0 && millis < 1_000) {
      return millis + "ms";
    }
    if (millis > 0 && millis % 60_000 == 0) {
      return millis / 60_000 + "m";
    }
    return BigDecimal.valueOf(millis, 3).stripTrailingZeros().toPlainString() + "s";
  }
}
