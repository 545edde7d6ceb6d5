package dev.sparsecast.checkpoint;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/** Finds a directory's safetensors files: {@code model.safetensors}, or the shards of {@code model.safetensors.index.json}. */
public final class ShardIndex {
    /** Name of the file of a model that is in one. */
    public static final String SINGLE = "model.safetensors";

    /** Name of the index of a model that is in several. */
    public static final String INDEX = "model.safetensors.index.json";

    private ShardIndex() {}

    /**
     * The names of the shards that an index lists; they are plain names of files in the index's directory.
     *
     * @throws CheckpointException if the index is damaged or names anything else
     */
    public static SortedSet<String> shards(Path index) {
        return new TreeSet<>(weightMap(index).values());
    }

    /** Opens the files; closes those already open when one is refused. */
    static List<SafetensorsFile> open(Path directory) {
        if (Files.exists(directory.resolve(SINGLE))) {
            return List.of(SafetensorsFile.open(directory.resolve(SINGLE)));
        }
        Path index = directory.resolve(INDEX);
        if (!Files.exists(index)) {
            throw new CheckpointException(directory + " holds neither " + SINGLE + " nor " + INDEX
                    + "; other weight formats must be converted to safetensors first");
        }
        return openShards(directory, index, weightMap(index));
    }

    private static List<SafetensorsFile> openShards(Path directory, Path index, Map<String, String> weightMap) {
        List<SafetensorsFile> shards = new ArrayList<>();
        try {
            for (String name : new TreeSet<>(weightMap.values())) {
                Path shard = directory.resolve(name);
                if (!Files.isRegularFile(shard)) {
                    throw new CheckpointException(
                            "the shard " + name + ", which " + index + " names, is missing; fetch it again");
                }
                SafetensorsFile file = SafetensorsFile.open(shard);
                shards.add(file);
                checkComplete(index, weightMap, name, file);
            }
        } catch (RuntimeException e) {
            shards.forEach(SafetensorsFile::close);
            throw e;
        }
        return List.copyOf(shards);
    }

    private static void checkComplete(Path index, Map<String, String> weightMap, String name, SafetensorsFile file) {
        weightMap.forEach((tensor, shard) -> {
            if (shard.equals(name) && !file.tensors().containsKey(tensor)) {
                throw new CheckpointException(
                        index + " says that tensor " + tensor + " is in " + name + ", but it is not there");
            }
        });
    }

    private static Map<String, String> weightMap(Path index) {
        JsonNode node = ConfigFile.object(index).get("weight_map");
        if (node == null || !node.isObject() || node.isEmpty()) {
            throw new CheckpointException(index + " has no weight_map");
        }
        Map<String, String> weightMap = new TreeMap<>();
        for (Map.Entry<String, JsonNode> property : node.properties()) {
            JsonNode shard = property.getValue();
            if (!shard.isString() || !isPlainFileName(shard.stringValue())) {
                throw new CheckpointException(index + " puts tensor " + property.getKey() + " in the shard " + shard
                        + ", expected the name of a .safetensors file in the same directory");
            }
            weightMap.put(property.getKey(), shard.stringValue());
        }
        return weightMap;
    }

    private static boolean isPlainFileName(String name) {
        return name.endsWith(".safetensors")
                && name.chars().noneMatch(c -> c == '/' || c == '\\' || c == ':' || Character.isISOControl(c));
    }
}
