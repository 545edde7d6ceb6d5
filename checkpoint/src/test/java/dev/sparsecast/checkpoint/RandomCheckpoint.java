package dev.sparsecast.checkpoint;

import dev.sparsecast.checkpoint.SafetensorsWriter.Entry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Writes small Llama checkpoints of random weights, whole or with one thing wrong. */
public final class RandomCheckpoint {
    /** Two layers, two query heads over one key-value head, odd sizes where they may be. */
    public static final String CONFIG =
            "{\"architectures\":[\"LlamaForCausalLM\"],\"hidden_size\":6,\"intermediate_size\":5,"
                    + "\"num_hidden_layers\":2,\"num_attention_heads\":2,\"num_key_value_heads\":1,\"head_dim\":2,"
                    + "\"vocab_size\":7,\"hidden_act\":\"silu\",\"rms_norm_eps\":1e-5,\"rope_theta\":500000}";

    /** A tensor and its bytes. */
    private record Content(Entry entry, byte[] bytes) {}

    private final Map<String, Content> tensors = new TreeMap<>();

    public RandomCheckpoint(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        ElementType[] types = {ElementType.BF16, ElementType.F16, ElementType.F32};
        put("model.embed_tokens.weight", types[random.nextInt(3)], random, 7, 6);
        put("lm_head.weight", types[random.nextInt(3)], random, 7, 6);
        put("model.norm.weight", types[random.nextInt(3)], random, 6);
        for (int layer = 0; layer < 2; layer++) {
            String block = "model.layers." + layer + ".";
            put(block + "input_layernorm.weight", types[random.nextInt(3)], random, 6);
            put(block + "post_attention_layernorm.weight", types[random.nextInt(3)], random, 6);
            put(block + "self_attn.q_proj.weight", types[random.nextInt(3)], random, 4, 6);
            put(block + "self_attn.k_proj.weight", types[random.nextInt(3)], random, 2, 6);
            put(block + "self_attn.v_proj.weight", types[random.nextInt(3)], random, 2, 6);
            put(block + "self_attn.o_proj.weight", types[random.nextInt(3)], random, 6, 4);
            put(block + "mlp.gate_proj.weight", types[random.nextInt(3)], random, 5, 6);
            put(block + "mlp.up_proj.weight", types[random.nextInt(3)], random, 5, 6);
            put(block + "mlp.down_proj.weight", types[random.nextInt(3)], random, 6, 5);
        }
    }

    RandomCheckpoint put(String name, ElementType type, SplittableRandom random, long... shape) {
        List<Long> sizes = Arrays.stream(shape).boxed().toList();
        Entry entry = new Entry(name, type, sizes);
        byte[] bytes = new byte[(int) entry.bytes()];
        random.nextBytes(bytes);
        tensors.put(name, new Content(entry, bytes));
        return this;
    }

    RandomCheckpoint remove(String name) {
        tensors.remove(name);
        return this;
    }

    /** Writes one file. */
    public Path write(Path directory, String config) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("config.json"), config);
        writeFile(directory.resolve("model.safetensors"), new ArrayList<>(tensors.keySet()));
        return directory;
    }

    /** Writes several files and the index, tensors dealt out at random. */
    public Path writeSharded(Path directory, String config, int shards, long seed) throws IOException {
        return writeSharded(directory, config, shards, seed, null);
    }

    /** As above, with a tensor that the index lists but that no file has. */
    Path writeSharded(Path directory, String config, int shards, long seed, @Nullable String leftOut)
            throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("config.json"), config);
        SplittableRandom random = new SplittableRandom(seed);
        Map<String, String> weightMap = new LinkedHashMap<>();
        Map<String, List<String>> contents = new TreeMap<>();
        for (String name : tensors.keySet()) {
            String shard = "model-%05d-of-%05d.safetensors".formatted(random.nextInt(shards) + 1, shards);
            weightMap.put(name, shard);
            contents.computeIfAbsent(shard, key -> new ArrayList<>()).addFirst(name);
        }
        for (Map.Entry<String, List<String>> shard : contents.entrySet()) {
            shard.getValue().remove(leftOut);
            writeFile(directory.resolve(shard.getKey()), shard.getValue());
        }
        Files.writeString(
                directory.resolve("model.safetensors.index.json"),
                StrictJson.write(Map.of("metadata", Map.of("total_size", 1), "weight_map", weightMap)));
        return directory;
    }

    private void writeFile(Path file, List<String> names) {
        List<Entry> layout =
                names.stream().map(name -> tensors.get(name).entry()).toList();
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, layout, Map.of("format", "pt"))) {
            for (String name : names) {
                writer.write(name, MemorySegment.ofArray(tensors.get(name).bytes()));
            }
            writer.finish();
        }
    }
}
