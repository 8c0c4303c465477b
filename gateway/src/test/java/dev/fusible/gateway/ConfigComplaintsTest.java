package dev.fusible.gateway;

import static dev.fusible.gateway.Configurations.HASH_A;
import static dev.fusible.gateway.Configurations.SMALLEST;
import static dev.fusible.gateway.Configurations.complaintsOf;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an operator reads of a configuration that is wrong: the line, the field and the fix. */
class ConfigComplaintsTest {

  private static final String URL_FIX = "; write its base URL, such as https://api.openai.com/v1";
  private static final String HASH_FIX =
      "write the SHA-256 of the key as 64 hexadecimal digits: printf %s KEY | sha256sum";

  @Test
  void everything_wrong_is_said_at_once_in_the_order_of_the_lines() {
    assertThat(
            complaintsOf(
                "server:",
                "  prot: 9090",
                "breaker:",
                "  recoveryTimeout: 30",
                "deadlines:",
                "  answer: -8s"))
        .containsExactly(
            "line 2: server.prot: is an unknown key; did you mean port?",
            "line 4: breaker.recoveryTimeout: needs a unit; write ms, s, m or h behind the number,"
                + " such as 500ms or 30s",
            "line 6: deadlines.answer: must not be negative");
  }

  @Test
  void after_fifty_complaints_the_rest_is_counted() {
    assertThat(complaintsOf(many(62))).hasSize(51).last().isEqualTo("and 12 more");
  }

  private static String many(int count) {
    StringBuilder yaml = new StringBuilder();
    for (int i = 0; i < count; i++) {
      yaml.append("unknown").append(i).append(": 1\n");
    }
    return yaml.toString();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          server: {admin_port: 1}        | server.admin_port: is an unknown key; did you mean adminPort?
          servers: {}                    | servers: is an unknown key; did you mean server?
          port: 1                        | port: is an unknown key here; did you mean server.port?
          deadlines: {timeout: 1s}       | deadlines.timeout: is an unknown key here; did you mean breaker.timeout?
          colour: red                    | colour: is an unknown key; known here: server, store, breaker, deadlines, upstreams, businesses, platformKeys
          breaker: {recordFailure: all}  | breaker.recordFailure: is an unknown key; known here: failureThreshold, volumeThreshold, recoveryTimeout, timeout, trialPatience, recoveryBackoff, maxRecoveryTimeout, tripPolicy
          <<: {a: b}                     | <<: is not supported; write the keys out, or alias a whole value
          deadlines: {hedgeAfter: 2s}    | deadlines.hedgeAfter: is not available: hedging needs a second upstream, which this version does not take yet; remove the key
          deadlines: {filler: mmm}       | deadlines.filler: is not available: this version does not speak fillers yet; remove the key
          """)
  void an_unknown_key_is_named_with_the_one_that_was_meant(String yaml, String complaint) {
    assertThat(complaintsOf("", yaml)).containsExactly("line 2: " + complaint);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          server: 8080                                   | server: must hold keys; write name: value below it
          server: {port: [1]}                            | server.port: must be one value, not a list or keys
          server: {port: 70000}                          | server.port: must be a port from 1 to 65535, or 0 for any free one
          server: {port: -1}                             | server.port: must be a port from 1 to 65535, or 0 for any free one
          server: {adminPort: eighty}                    | server.adminPort: must be a port from 1 to 65535, or 0 for any free one
          server: {adminPort: 8080}                      | server.adminPort: is the same port as server.port; take another
          server: {port: 8081}                           | server.port: is the same port as server.adminPort; take another
          server: {host: "127.0.0.1:80"}                 | server.host: must be one address or host name without port, such as 127.0.0.1, 0.0.0.0 or ::1
          server: {adminToken: "two words"}              | server.adminToken: must be visible ASCII characters without spaces, as it goes into a header
          store: jdbc:postgresql://user:secret@db/fusible | store: must be jdbc:sqlite: and a file, such as jdbc:sqlite:./data/fusible.db, or jdbc:postgresql://host:port/database?user=...&password=...
          store: "jdbc:sqlite::memory:"                  | store: must be jdbc:sqlite: and a file, such as jdbc:sqlite:./data/fusible.db, or jdbc:postgresql://host:port/database?user=...&password=...
          store: jdbc:sqlite:file:state.db               | store: must be jdbc:sqlite: and a file, such as jdbc:sqlite:./data/fusible.db, or jdbc:postgresql://host:port/database?user=...&password=...
          deadlines: {answer: soon}                      | deadlines.answer: must be a duration such as 500ms, 4.5s, 30s or 5m
          deadlines: {answer: 0s}                        | deadlines.answer: must be longer than zero, such as 500ms, 30s or 5m
          deadlines: {answer: 0.5ms}                     | deadlines.answer: must be a whole number of milliseconds
          deadlines: {answer: 25h}                       | deadlines.answer: must be at most 24h
          deadlines: {firstSpeech: 2s, stall: 3s}        | deadlines.stall: must not be longer than deadlines.firstSpeech, the longest silence of a turn
          breaker: {failureThreshold: 0}                 | breaker.failureThreshold: must be at least 1
          breaker: {volumeThreshold: 1.5}                | breaker.volumeThreshold: must be a whole number, such as 5
          breaker: {recoveryBackoff: 0.5}                | breaker.recoveryBackoff: must be from 1.0 to 100.0
          breaker: {recoveryBackoff: twice}              | breaker.recoveryBackoff: must be a number, such as 0.5
          breaker: {recoveryTimeout: 0s}                 | breaker.recoveryTimeout: must be longer than zero, such as 500ms, 30s or 5m
          breaker: {recoveryBackoff: 2, recoveryTimeout: 10m} | breaker.maxRecoveryTimeout: must not be shorter than recoveryTimeout
          breaker: {tripPolicy: sometimes}               | breaker.tripPolicy: must be consecutiveFailures, or hold the keys rate and calls or period
          breaker: {tripPolicy: {rate: 0.5}}             | breaker.tripPolicy: must have either calls or period: how many calls, or how long, count
          breaker: {tripPolicy: {rate: 0.5, calls: 9, period: 1m}} | breaker.tripPolicy: must have either calls or period: how many calls, or how long, count
          breaker: {tripPolicy: {calls: 9}}              | breaker.tripPolicy.rate: is missing; write the share of bad calls that opens, such as 0.5
          breaker: {tripPolicy: {rate: 50, calls: 9}}    | breaker.tripPolicy.rate: must be above 0 and at most 1
          breaker: {tripPolicy: {rate: 0.5, calls: 9999}} | breaker.tripPolicy.calls: must be from 1 to 1024
          """)
  void a_wrong_value_is_named_with_what_to_write(String yaml, String complaint) {
    assertThat(complaintsOf("", "", yaml)).containsExactly("line 3: " + complaint);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "\"::\"", "10.0.0.1", "admin.example", "127.0.0.1.example"})
  void admin_off_loopback_needs_a_token(String host) {
    assertThat(complaintsOf("server:", "  port: 80", "  adminHost: " + host))
        .containsExactly(
            "line 3: server.adminHost: is not loopback, where operators must show a token; set"
                + " server.adminToken (FUSIBLE_SERVER_ADMIN_TOKEN), or bind to 127.0.0.1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "127.0.0.1", "127.1.2.3", "\"::1\"", "\"0:0:0:0:0:0:0:1\""})
  void admin_on_loopback_needs_none(String host) {
    assertThat(Configurations.load("server: {adminHost: " + host + "}").server().adminToken())
        .isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          upstreams: []      | line 1: upstreams: must have an item; write one with name, url and apiKey
          upstreams: {}      | line 1: upstreams: must be a list; begin each of its items with a dash
          businesses: []     | line 1: upstreams: is missing; write one with name, url and apiKey
          upstreams: [main]  | line 1: upstreams[0]: must hold keys; write name: value below it
          upstreams: [{}]    | line 1: upstreams[0].url: is missing; write its base URL, such as https://api.openai.com/v1
          """)
  void an_upstream_is_needed(String yaml, String complaint) {
    assertThat(complaintsOf(yaml)).contains(complaint);
  }

  @Test
  void there_is_one_upstream_in_this_version() {
    assertThat(complaintsOf(SMALLEST.replace("businesses:", second() + "businesses:")))
        .containsExactly(
            "line 1: upstreams: must have exactly one item: this version has no failover yet; keep"
                + " the first");
  }

  private static String second() {
    return "  - name: second\n    url: https://llm.example/v1\n";
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          https://llm.example                     | lacks its version; write /v1 behind it, such as https://api.openai.com/v1
          https://llm.example/                    | lacks its version; write /v1 behind it, such as https://api.openai.com/v1
          https://llm.example/v1/chat/completions | must be the base URL only; leave out /chat/completions
          https://me:secret@llm.example/v1        | must not hold credentials; write the key into apiKey beside it
          https://secret@llm_1.example/v1         | must not hold credentials; write the key into apiKey beside it
          """)
  void an_upstream_url_must_be_a_base_url(String url, String problem) {
    assertThat(complaintsOf(SMALLEST.replace("https://llm.example/v1", url)))
        .containsExactly("line 3: upstreams[0].url: " + problem);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          llm.example/v1             | must begin with http:// or https:// and a host
          ftp://llm.example/v1       | must begin with http:// or https:// and a host
          https:///v1                | must begin with http:// or https:// and a host
          'https://llm example/v1'   | is not a URL
          https://llm.example/v1?k=v | must not have a ? or # part
          https://my_llm:8000/v1     | has a host with other than letters, digits, dots and hyphens, or a bad port
          https://llm:99999/v1       | has a host with other than letters, digits, dots and hyphens, or a bad port
          """)
  void an_upstream_url_must_be_a_url(String url, String problem) {
    assertThat(complaintsOf(SMALLEST.replace("https://llm.example/v1", url)))
        .containsExactly("line 3: upstreams[0].url: " + problem + URL_FIX);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          kind: langgraph   | upstreams[0].kind: is not available: this version takes openai only, langgraph comes later
          kind: gpt         | upstreams[0].kind: must be openai
          probe: 10s        | upstreams[0].probe: is not available: this version does not probe upstreams yet; remove the key
          apiKey: sk key    | upstreams[0].apiKey: must be visible ASCII characters without spaces, as it goes into a header
          models: {a: b}    | upstreams[0].models: must be a text or a list of texts
          dropFields: [[a]] | upstreams[0].dropFields[0]: must be one value, not a list or keys
          """)
  void an_upstream_is_checked(String yaml, String complaint) {
    assertThat(complaintsOf(SMALLEST.replace("businesses:", "    " + yaml + "\nbusinesses:")))
        .containsExactly("line 4: " + complaint);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          language: es_MX     | language: must be a language tag such as es-MX or en-US
          language: spanish   | language: must be a language tag such as es-MX or en-US
          language: xx-MX     | language: must be a language tag such as es-MX or en-US
          language: fr-FR     | language: has no sentence to say (circuitOpen, systemError, timeout); write them under fallbacks, or choose a language of es or en
          phone: "{number}"   | phone: must be the number as it is spoken, 1 to 40 characters without braces
          name: ""            | name: must be 1 to 200 characters on one line
          platform: "a\\tb"   | platform: must be 1 to 200 characters on one line
          apiKey: demo        | apiKey: is an unknown key here; did you mean upstreams[].apiKey?
          fallbacks: sorry    | fallbacks: must hold keys; write name: value below it
          fallbacks: {es: hola}                          | fallbacks.es: must hold keys; write name: value below it
          fallbacks: {es_MX: {timeout: Lo siento}}       | fallbacks.es_MX: must be a language tag such as es-MX or en-US
          fallbacks: {es: {time_out: Lo siento}}         | fallbacks.es.time_out: is an unknown key; did you mean timeout?
          fallbacks: {es: {timeout: []}}                 | fallbacks.es.timeout: has no sentence; write one, or remove the key
          fallbacks: {es: {timeout: ""}}                 | fallbacks.es.timeout: has nothing to say; write a sentence
          fallbacks: {es: {timeout: [Hola., "Soy {x}."]}} | fallbacks.es.timeout[1]: unknown placeholder {x}; {phone} is the only one
          """)
  void a_business_is_checked(String yaml, String complaint) {
    assertThat(complaintsOf(SMALLEST + "    " + yaml))
        .containsExactly("line 7: businesses[0]." + complaint);
  }

  @Test
  void sentences_that_need_an_unknown_number_do_not_make_a_language() {
    String own =
        """
            language: fr
            fallbacks:
              fr: {systemError: "Appelez le {phone}.", timeout: Pardon., circuitOpen: Pardon.}
        """;

    assertThat(complaintsOf(SMALLEST + own))
        .containsExactly(
            "line 7: businesses[0].language: has no sentence to say (systemError); write them under"
                + " fallbacks, or choose a language of es or en");
    assertThat(Configurations.load(SMALLEST + own + "    phone: 01 99 00 12 34\n").isDemo())
        .isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          sk-the-key-itself | must not be a key itself; write the SHA-256
          aaaa              | must not be a key itself; write the SHA-256
          e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 | is the SHA-256 of an empty text; write the SHA-256
          """)
  void a_key_is_given_as_its_hash(String hash, String problem) {
    assertThat(complaintsOf(SMALLEST.replace(HASH_A, hash)))
        .containsExactly(
            "line 6: businesses[0].apiKeySha256: "
                + problem.replace("write the SHA-256", HASH_FIX));
  }

  @Test
  void ids_and_keys_belong_to_one_business() {
    assertThat(
            complaintsOf(
                SMALLEST
                    + """
                        - id: bakery
                          apiKeySha256: %s
                        - id: la panadería
                      platformKeys:
                        - apiKeySha256: %s
                          businesses: [bakery, bakry, other]
                      """
                        .formatted(HASH_A, HASH_A)))
        .containsExactly(
            "line 7: businesses[1].id: is the same as businesses[0].id (line 5); each must have its"
                + " own",
            "line 8: businesses[1].apiKeySha256: is the same as businesses[0].apiKeySha256 (line"
                + " 6); each must have its own",
            "line 9: businesses[2].id: must be 1 to 128 letters, digits and . _ : - without spaces"
                + " or accents",
            "line 9: businesses[2].apiKeySha256: is missing; no platform key acts for it either; "
                + HASH_FIX,
            "line 11: platformKeys[0].apiKeySha256: is the same as businesses[0].apiKeySha256 (line"
                + " 6); each must have its own",
            "line 12: platformKeys[0].businesses[1]: is the id of no business; did you mean"
                + " bakery?",
            "line 12: platformKeys[0].businesses[2]: is the id of no business; add it under"
                + " businesses");
  }

  @Test
  void what_is_no_text_is_said_once() {
    assertThat(
            complaintsOf(
                "upstreams: [{name: main, url: https://llm.example/v1}]",
                "businesses: [{id: [a], apiKeySha256: " + HASH_A + "}, {id: florist}]",
                "platformKeys: [{apiKeySha256: {}, businesses: [florist, [b]]}]"))
        .containsExactly(
            "line 2: businesses[0].id: must be one value, not a list or keys",
            "line 3: platformKeys[0].apiKeySha256: must be one value, not a list or keys",
            "line 3: platformKeys[0].businesses[1]: must be one value, not a list or keys");
  }

  @Test
  void a_business_is_not_called_like_an_upstream() {
    assertThat(
            complaintsOf(
                SMALLEST
                    + """
                        - id: upstream:llm
                          apiKeySha256: %s
                      """
                        .formatted(HASH_A.replace('0', '1'))))
        .contains(
            "line 7: businesses[1].id: must not begin with upstream: as the admin port calls"
                + " upstreams so");
  }

  @Test
  void what_is_missing_is_said_where_it_should_be() {
    assertThat(
            complaintsOf(
                "upstreams:", "  - kind: openai", "platformKeys:", "  - {}", "  - businesses: []"))
        .containsExactly(
            "line 1: businesses: is missing; write one with id, apiKeySha256 and language",
            "line 2: upstreams[0].name: is missing; write what logs shall call it",
            "line 2: upstreams[0].url: is missing" + URL_FIX,
            "line 4: platformKeys[0].apiKeySha256: is missing; " + HASH_FIX,
            "line 4: platformKeys[0].businesses: is missing; list the ids it may act for",
            "line 5: platformKeys[1].apiKeySha256: is missing; " + HASH_FIX,
            "line 5: platformKeys[1].businesses: must have an item; list the ids it may act for");
  }
}
