package dev.sparsecast.feed.http;

import dev.sparsecast.feed.event.EventId;
import dev.sparsecast.feed.event.ReleaseEvent;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** What a request asks for: {@code ?model=…&submodel=…&after=…}, each of which may be absent. */
record Query(Optional<String> model, Optional<String> submodel, Optional<EventId> after) {
    private static final Set<String> NAMES = Set.of("model", "submodel", "after");

    /**
     * Reads the query of an address.
     *
     * @throws IllegalArgumentException saying what is wrong with it
     */
    static Query of(URI address) {
        Map<String, String> values = new TreeMap<>();
        String query = address.getRawQuery();
        for (String part : query == null || query.isEmpty() ? new String[0] : query.split("&")) {
            int equals = part.indexOf('=');
            String name = equals < 0 ? part : part.substring(0, equals);
            if (equals < 0 || !NAMES.contains(name)) {
                throw new IllegalArgumentException("'" + name + "' is none of model=, submodel= and after=");
            }
            values.put(name, URLDecoder.decode(part.substring(equals + 1), StandardCharsets.UTF_8));
        }
        Optional<String> after = Optional.ofNullable(values.get("after"));
        return new Query(
                Optional.ofNullable(values.get("model")),
                Optional.ofNullable(values.get("submodel")),
                after.map(Query::id));
    }

    static EventId id(String text) {
        return EventId.parse(text)
                .orElseThrow(() -> new IllegalArgumentException("'" + text + "' is not the id of an event"));
    }

    /** Whether an event is asked for, whenever it happened. */
    boolean wants(ReleaseEvent event) {
        return model.map(name -> name.equals(event.key().model())).orElse(true)
                && submodel.map(name -> name.equals(event.key().submodel())).orElse(true);
    }
}
