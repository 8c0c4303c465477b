package dev.fusible.gateway;

import dev.fusible.FallbackResponses;
import dev.fusible.gateway.GatewayConfig.Business;
import dev.fusible.gateway.GatewayConfig.PlatformKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Understands {@code businesses} and {@code platformKeys}: who may call. */
final class WhoReader {

  private final Section root;
  private final List<Section> businesses;
  private final List<Section> platformKeys;
  private final Set<String> actedFor;
  private final Map<String, String> firstWith = new HashMap<>();

  WhoReader(Section root) {
    this.root = root;
    this.businesses = root.sections("businesses");
    this.platformKeys = root.sections("platformKeys");
    this.actedFor = all(platformKeys, "businesses");
  }

  /** By id, in the order they were written. */
  Map<String, Business> businesses() {
    root.requireItem("businesses", "write one with id, apiKeySha256 and language");
    Map<String, Business> byId = new LinkedHashMap<>();
    for (Section section : businesses) {
      String id = section.required("id", Values::businessId, "write a short name without spaces");
      Business business = business(section, id == null ? "" : id);
      if (id != null && isFirst(section, "id", id)) {
        byId.put(id, business);
      }
    }
    return byId;
  }

  private Business business(Section section, String id) {
    String name = section.value("name", Values::label, id);
    String hash = section.value("apiKeySha256", Values::sha256);
    if (hash != null) {
      isFirst(section, "apiKeySha256", hash);
    }
    if (!section.has("apiKeySha256") && !actedFor.contains(id)) {
      section.complainMissing(
          "apiKeySha256", "no platform key acts for it either; " + Values.HASH_FIX);
    }
    String language = section.value("language", Values::language);
    String phone = section.value("phone", Values::phone);
    String platform = section.value("platform", Values::label);
    FallbackResponses fallbacks = FallbackReader.read(section, language);
    return new Business(id, name, hash, language, phone, platform, fallbacks);
  }

  /** Before they are checked. */
  private static Set<String> all(List<Section> sections, String key) {
    Set<String> ids = new HashSet<>();
    sections.forEach(section -> ids.addAll(section.texts(key)));
    return ids;
  }

  List<PlatformKey> platformKeys() {
    Set<String> known = all(businesses, "id");
    List<PlatformKey> keys = new ArrayList<>();
    for (Section section : platformKeys) {
      String hash = section.required("apiKeySha256", Values::sha256, Values.HASH_FIX);
      section.requireItem("businesses", "list the ids it may act for");
      List<String> ids = section.list("businesses", id -> knownId(id, known));
      if (hash != null && isFirst(section, "apiKeySha256", hash)) {
        keys.add(new PlatformKey(hash, ids));
      }
    }
    return keys;
  }

  private static String knownId(String id, Collection<String> known) throws Wrong {
    if (!known.contains(id)) {
      String nearest = Nearest.to(id, known);
      throw new Wrong(
          "is the id of no business"
              + (nearest == null
                  ? "; add it under businesses"
                  : "; did you mean " + nearest + "?"));
    }
    return id;
  }

  private boolean isFirst(Section section, String key, String value) {
    String here = section.path(key) + " (" + section.origin(key).text() + ")";
    String first = firstWith.putIfAbsent(key + " " + value, here);
    if (first != null) {
      section.complain(key, "is the same as " + first + "; each must have its own");
    }
    return first == null;
  }
}
