package dev.sparsecast.worker.script;

import java.util.List;

/**
 * One weight of a decoder block as the script takes it, made of one or more tensors of the checkpoint.
 *
 * @param kind what is done to it when it is loaded
 * @param tensors names relative to the block; their rows are put one below the other
 */
public record BlockWeight(Kind kind, List<String> tensors) {
    /** What a weight is for. */
    public enum Kind {
        /** Of a linear layer. */
        MATRIX,
        /** Added by a linear layer. */
        BIAS,
        /** Of an RMSNorm. */
        GAIN
    }

    public BlockWeight {
        tensors = List.copyOf(tensors);
    }

    static BlockWeight matrix(String... modules) {
        return of(Kind.MATRIX, ".weight", modules);
    }

    static BlockWeight bias(String... modules) {
        return of(Kind.BIAS, ".bias", modules);
    }

    static BlockWeight gain(String module) {
        return of(Kind.GAIN, ".weight", module);
    }

    private static BlockWeight of(Kind kind, String suffix, String... modules) {
        return new BlockWeight(
                kind, List.of(modules).stream().map(module -> module + suffix).toList());
    }
}
