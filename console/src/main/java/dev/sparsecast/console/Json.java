package dev.sparsecast.console;

import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/** Views as JSON in snake case. */
final class Json {
    private final JsonMapper mapper = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .build();

    byte[] bytes(Object view) {
        return mapper.writeValueAsBytes(view);
    }
}
