package dev.sparsecast.schemas.signing;

import dev.sparsecast.schemas.SubModelCommand;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * The canonical text of a command, which is what is signed: UTF-8 JSON without white space, fields in the order written
 * here, everything but the signature and the key's id. Its format is another than a release's, so that the signature of one
 * never is that of the other.
 */
public final class CommandText {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private CommandText() {}

    /** The bytes that are signed. */
    public static byte[] canonicalBytes(SubModelCommand command) {
        Map<String, Object> content = new LinkedHashMap<>();
        content.put("format", "sparsecast-command-1");
        content.put("id", command.id());
        content.put("model", command.model());
        content.put("submodel", command.submodel());
        content.put("action", command.action().label());
        if (command.version().isPresent()) {
            content.put("version", command.version().getAsInt());
        }
        content.put("newest", command.newest());
        content.put("issuer", command.issuer());
        content.put("reason", command.reason());
        content.put("issued_at", command.issuedAt().toEpochMilli());
        return JSON.writeValueAsBytes(content);
    }
}
