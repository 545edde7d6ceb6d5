package dev.sparsecast.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Writes the JSON files of a checkpoint that is not quite another one's. */
public final class CheckpointJson {
    private static final JsonMapper PRETTY =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private CheckpointJson() {}

    /**
     * Writes a {@code config.json} in which some fields are others; the rest is as it was, in its order.
     *
     * @param target replaced if it exists
     * @param changes numbers, texts and booleans by field
     * @throws CheckpointException if the source cannot be read
     */
    public static void writeConfig(Path source, Path target, Map<String, Object> changes) {
        ObjectNode config = (ObjectNode) ConfigFile.object(source);
        changes.forEach(config::putPOJO);
        write(target, config);
    }

    /**
     * Writes the index of a directory anew, if it has one.
     *
     * @param shardOf the shard's file name by tensor
     * @param bytes size of all tensors
     */
    public static void rewriteIndex(Path directory, Map<String, String> shardOf, long bytes) {
        Path index = directory.resolve(ShardIndex.INDEX);
        if (Files.exists(index)) {
            write(index, Map.of("metadata", Map.of("total_size", bytes), "weight_map", new TreeMap<>(shardOf)));
        }
    }

    private static void write(Path target, Object content) {
        try {
            Files.writeString(target, PRETTY.writeValueAsString(content) + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
