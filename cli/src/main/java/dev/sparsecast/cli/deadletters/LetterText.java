package dev.sparsecast.cli.deadletters;

import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serde;

/** What is in a dead letter, for people: the record that it is after all, or else its first bytes. */
public final class LetterText {
    private static final int MOST_CHARACTERS = 400;
    private static final int MOST_BYTES = 64;

    private final SparsecastSerdes serdes;

    public LetterText(ClusterSettings cluster) {
        this.serdes = new SparsecastSerdes(cluster);
    }

    public String of(Letter letter) {
        byte[] value = letter.record().value();
        if (value == null) {
            return "(empty)";
        }
        try (Serde<?> serde = serde(letter.origin())) {
            String text = String.valueOf(serde.deserializer().deserialize(letter.origin(), value));
            return text.length() <= MOST_CHARACTERS ? text : text.substring(0, MOST_CHARACTERS) + " …";
        } catch (SerializationException e) {
            return "(cannot be read: " + e.getMessage() + ") " + bytes(value);
        }
    }

    private Serde<?> serde(String topic) {
        if (topic.startsWith(Topics.PROMPTS_PREFIX)) {
            return serdes.prompts();
        }
        return switch (topic) {
            case Topics.ACTIVATION_NORMS -> serdes.activationNorms();
            case Topics.SUBMODEL_RELEASES -> serdes.releases();
            default -> throw new SerializationException("records of " + topic + " are not known");
        };
    }

    private static String bytes(byte[] value) {
        int shown = Math.min(value.length, MOST_BYTES);
        String text = new String(value, 0, shown, StandardCharsets.UTF_8).replaceAll("\\p{Cntrl}", "·");
        return value.length + " bytes: " + HexFormat.ofDelimiter(" ").formatHex(value, 0, shown) + " \"" + text + "\"";
    }
}
