package dev.sparsecast.checkpoint.statistics;

import java.nio.file.Path;

/**
 * The statistics file: safetensors with, for each prunable module, {@code <module>.in_sum2} and {@code <module>.in_sum}
 * (F64, one value per input channel), and the metadata {@code format=sparsecast-statistics}, {@code tokens},
 * {@code prompts}, {@code language}, {@code domain} and {@code model}.
 */
public final class StatisticsFile {
    private StatisticsFile() {}

    /** Reads and checks a file; {@link dev.sparsecast.checkpoint.CheckpointException} names what is wrong. */
    public static ModelStatistics read(Path file) {
        throw new UnsupportedOperationException();
    }

    /** Writes a file atomically. */
    public static void write(Path file, ModelStatistics statistics) {
        throw new UnsupportedOperationException();
    }
}
