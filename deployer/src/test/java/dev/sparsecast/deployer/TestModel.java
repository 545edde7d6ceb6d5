package dev.sparsecast.deployer;

import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.checkpoint.SafetensorsWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** A Llama of two small blocks with random weights. */
public final class TestModel {
    private static final int LAYERS = 2;

    private TestModel() {}

    /** Writes the model that a seed gives. */
    public static Path write(Path directory, ElementType type, long seed) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("config.json"), """
                {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 11, "hidden_size": 12,
                 "intermediate_size": 20, "num_hidden_layers": 2, "num_attention_heads": 3, "num_key_value_heads": 1,
                 "head_dim": 4, "hidden_act": "silu", "max_position_embeddings": 32, "rms_norm_eps": 1e-05,
                 "rope_theta": 10000.0, "tie_word_embeddings": true, "torch_dtype": "float32"}
                """);
        Files.writeString(directory.resolve("tokenizer.json"), "{}");
        SplittableRandom random = new SplittableRandom(seed);
        List<SafetensorsWriter.Entry> layout = layout(type);
        try (SafetensorsWriter writer =
                SafetensorsWriter.create(directory.resolve("model.safetensors"), layout, Map.of("format", "pt"))) {
            for (SafetensorsWriter.Entry entry : layout) {
                writer.write(entry.name(), MemorySegment.ofArray(weights(entry, random)));
            }
            writer.finish();
        }
        return directory;
    }

    private static byte[] weights(SafetensorsWriter.Entry entry, SplittableRandom random) {
        ByteBuffer bytes = ByteBuffer.allocate((int) entry.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            float value = (float) random.nextGaussian();
            if (entry.type() == ElementType.F32) {
                bytes.putFloat(value);
            } else {
                bytes.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
            }
        }
        return bytes.array();
    }

    private static List<SafetensorsWriter.Entry> layout(ElementType type) {
        List<SafetensorsWriter.Entry> layout = new ArrayList<>();
        layout.add(entry("model.embed_tokens.weight", type, 11L, 12L));
        layout.add(entry("model.norm.weight", type, 12L));
        for (int layer = 0; layer < LAYERS; layer++) {
            String block = "model.layers." + layer + ".";
            layout.add(entry(block + "input_layernorm.weight", type, 12L));
            layout.add(entry(block + "self_attn.q_proj.weight", type, 12L, 12L));
            layout.add(entry(block + "self_attn.k_proj.weight", type, 4L, 12L));
            layout.add(entry(block + "self_attn.v_proj.weight", type, 4L, 12L));
            layout.add(entry(block + "self_attn.o_proj.weight", type, 12L, 12L));
            layout.add(entry(block + "post_attention_layernorm.weight", type, 12L));
            layout.add(entry(block + "mlp.gate_proj.weight", type, 20L, 12L));
            layout.add(entry(block + "mlp.up_proj.weight", type, 20L, 12L));
            layout.add(entry(block + "mlp.down_proj.weight", type, 12L, 20L));
        }
        return layout;
    }

    private static SafetensorsWriter.Entry entry(String name, ElementType type, Long... shape) {
        return new SafetensorsWriter.Entry(name, type, List.of(shape));
    }
}
