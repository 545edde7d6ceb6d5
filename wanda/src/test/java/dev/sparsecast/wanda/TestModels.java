package dev.sparsecast.wanda;

import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.SafetensorsWriter;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.checkpoint.statistics.TapSums;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/** Models and statistics for tests. */
public final class TestModels {
    private TestModels() {}

    /** The bundled model. */
    public static Path tinyCoder() {
        Path directory = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(directory.resolve("demo/models"))) {
            directory = directory.getParent();
            if (directory == null) {
                throw new IllegalStateException("run the tests inside the repository");
            }
        }
        return directory.resolve("demo/models/tiny-coder");
    }

    /** A Llama of two blocks with random weights in two shards; one attention head, and widths that no 8 divides. */
    public static Path write(Path directory, ElementType type, long seed) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("config.json"), """
                {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 11, "hidden_size": 12,
                 "intermediate_size": 20, "num_hidden_layers": 2, "num_attention_heads": 3, "num_key_value_heads": 1,
                 "head_dim": 4, "hidden_act": "silu", "max_position_embeddings": 32, "rms_norm_eps": 1e-05,
                 "rope_theta": 10000.0, "tie_word_embeddings": true, "torch_dtype": "float32"}
                """);
        Files.writeString(directory.resolve("tokenizer.json"), "{}");
        Files.writeString(directory.resolve("generation_config.json"), "{\"do_sample\": false}");
        Files.createDirectories(directory.resolve("extra"));
        Files.writeString(directory.resolve("extra/notes.txt"), "kept");
        Files.writeString(directory.resolve("pytorch_model.bin"), "the dense weights");
        Files.writeString(directory.resolve(".hidden"), "not copied");
        SplittableRandom random = new SplittableRandom(seed);
        writeShard(directory.resolve("model-00001-of-00002.safetensors"), type, random, List.of(0));
        writeShard(directory.resolve("model-00002-of-00002.safetensors"), type, random, List.of(1));
        StringBuilder index = new StringBuilder("{\"weight_map\": {");
        for (int shard = 0; shard < 2; shard++) {
            for (SafetensorsWriter.Entry entry : layout(type, shard)) {
                index.append(index.charAt(index.length() - 1) == '{' ? "" : ",")
                        .append("\"%s\": \"model-0000%d-of-00002.safetensors\"".formatted(entry.name(), shard + 1));
            }
        }
        Files.writeString(directory.resolve("model.safetensors.index.json"), index + "}}");
        return directory;
    }

    private static void writeShard(Path file, ElementType type, SplittableRandom random, List<Integer> layers) {
        List<SafetensorsWriter.Entry> layout = layout(type, layers.getFirst());
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, layout, Map.of("format", "pt"))) {
            for (SafetensorsWriter.Entry entry : layout) {
                ByteBuffer bytes = ByteBuffer.allocate((int) entry.bytes()).order(ByteOrder.LITTLE_ENDIAN);
                while (bytes.hasRemaining()) {
                    put(bytes, type, (float) random.nextGaussian());
                }
                writer.write(entry.name(), MemorySegment.ofArray(bytes.array()));
            }
            writer.finish();
        }
    }

    private static void put(ByteBuffer bytes, ElementType type, float value) {
        switch (type) {
            case F32 -> bytes.putFloat(value);
            case F16 -> bytes.putShort(Float.floatToFloat16(value));
            case BF16 -> bytes.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
            default -> throw new IllegalArgumentException("not a weight type: " + type);
        }
    }

    private static List<SafetensorsWriter.Entry> layout(ElementType type, int layer) {
        List<SafetensorsWriter.Entry> layout = new ArrayList<>();
        if (layer == 0) {
            layout.add(entry("model.embed_tokens.weight", type, 11, 12));
            layout.add(entry("model.norm.weight", type, 12));
        }
        String block = "model.layers." + layer + ".";
        layout.add(entry(block + "input_layernorm.weight", type, 12));
        layout.add(entry(block + "self_attn.q_proj.weight", type, 12, 12));
        layout.add(entry(block + "self_attn.k_proj.weight", type, 4, 12));
        layout.add(entry(block + "self_attn.v_proj.weight", type, 4, 12));
        layout.add(entry(block + "self_attn.o_proj.weight", type, 12, 12));
        layout.add(entry(block + "post_attention_layernorm.weight", type, 12));
        layout.add(entry(block + "mlp.gate_proj.weight", type, 20, 12));
        layout.add(entry(block + "mlp.up_proj.weight", type, 20, 12));
        layout.add(entry(block + "mlp.down_proj.weight", type, 12, 20));
        return layout;
    }

    private static SafetensorsWriter.Entry entry(String name, ElementType type, long... shape) {
        return new SafetensorsWriter.Entry(
                name, type, java.util.Arrays.stream(shape).boxed().toList());
    }

    /** The statistics that tools/mask_reference.py makes up: whole numbers over 8, with dead channels and outliers. */
    public static ModelStatistics madeUpStatistics(ModelConfig config) {
        List<Map<Tap, TapSums>> layers = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            Map<Tap, TapSums> taps = new EnumMap<>(Tap.class);
            for (Tap tap : Tap.values()) {
                double[] squares = new double[tap.channels(config)];
                for (int channel = 0; channel < squares.length; channel++) {
                    squares[channel] = madeUpSumSquares(layer, tap, channel);
                }
                taps.put(tap, new TapSums(squares, new double[squares.length]));
            }
            layers.add(taps);
        }
        return new ModelStatistics(1234, 10, "python", "code", Optional.empty(), layers);
    }

    private static double madeUpSumSquares(int layer, Tap tap, int channel) {
        long value = (channel * 7919L + layer * 104729L + tap.ordinal() * 1299709L) % 1009;
        if (value < 20) {
            return 0;
        }
        return (value > 1000 ? value * 5000 : value) / 8.0;
    }

    /** Statistics with one sum of squares changed. */
    public static ModelStatistics with(ModelStatistics statistics, int layer, Tap tap, int channel, double sumSquares) {
        statistics.sums(layer, tap).sumSquares()[channel] = sumSquares;
        return statistics;
    }
}
