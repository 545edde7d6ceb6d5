package dev.sparsecast.checkpoint.gguf;

import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.checkpoint.statistics.TapSums;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * llama.cpp's importance matrix in its GGUF form, which its quantizer takes: for each linear layer {@code <name>.in_sum2},
 * {@code Σx²} of every input channel, {@code <name>.counts}, the number of tokens, and {@code <name>.in_sum}, {@code Σx},
 * all float32. That is the statistic that Wanda prunes by, under other names.
 *
 * <p>The names are the same for all families that Sparsecast knows. llama.cpp's converter permutes the rows of q and k of
 * Llama models; these sums are over columns, which it leaves alone.
 */
public final class ImportanceMatrix {
    /** Tokens of a chunk, as llama.cpp counts them by default. */
    public static final int DEFAULT_CHUNK_SIZE = 512;

    private ImportanceMatrix() {}

    /**
     * Writes the matrix atomically.
     *
     * @param datasets where the statistics come from, for people; llama.cpp copies the first into what it quantizes
     * @param chunkSize tokens of a chunk; the number of chunks that llama.cpp shows follows from it, and nothing else
     * @return the number of tensors written
     * @throws CheckpointException if the statistics hold what a float32 cannot, or the file cannot be written
     */
    public static int write(Path file, ModelStatistics statistics, List<String> datasets, int chunkSize) {
        if (chunkSize < 1) {
            throw new IllegalArgumentException("a chunk of " + chunkSize + " tokens; use 1 or more");
        }
        if (statistics.tokens() < 0.5) {
            throw new CheckpointException("the statistics are over " + statistics.tokens()
                    + " tokens, and an importance matrix counts whole ones; profile more prompts");
        }
        GgufFile gguf = new GgufFile()
                .put("general.type", "imatrix")
                .put("imatrix.datasets", datasets)
                .put("imatrix.chunk_count", (int) Math.clamp(statistics.tokens() / chunkSize, 1, Integer.MAX_VALUE))
                .put("imatrix.chunk_size", chunkSize);
        Optional<String> digest = statistics.modelDigest();
        digest.ifPresent(known -> gguf.put("sparsecast.model", known));
        int tensors = 0;
        for (int layer = 0; layer < statistics.layers().size(); layer++) {
            for (Tap tap : Tap.values()) {
                TapSums sums = statistics.sums(layer, tap);
                for (String module : tap.modules()) {
                    String name = "blk." + layer + "." + tensor(module) + ".weight";
                    gguf.put(name + ".in_sum2", floats(name, sums.sumSquares()));
                    gguf.put(name + ".counts", floats(name, new double[] {statistics.tokens()}));
                    gguf.put(name + ".in_sum", floats(name, sums.sum()));
                    tensors += 3;
                }
            }
        }
        gguf.write(file);
        return tensors;
    }

    /** What llama.cpp calls a linear layer of a block. */
    private static String tensor(String module) {
        return switch (module) {
            case "self_attn.q_proj" -> "attn_q";
            case "self_attn.k_proj" -> "attn_k";
            case "self_attn.v_proj" -> "attn_v";
            case "self_attn.o_proj" -> "attn_output";
            case "mlp.gate_proj" -> "ffn_gate";
            case "mlp.up_proj" -> "ffn_up";
            case "mlp.down_proj" -> "ffn_down";
            default -> throw new IllegalArgumentException("no such module: " + module);
        };
    }

    private static float[] floats(String name, double[] values) {
        float[] narrow = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            narrow[i] = (float) values[i];
            if (!Float.isFinite(narrow[i])) {
                throw new CheckpointException("the statistics of " + name + " hold " + values[i] + " in channel " + i
                        + ", more than the float32 of an importance matrix can; export files of fewer tokens");
            }
        }
        return narrow;
    }
}
