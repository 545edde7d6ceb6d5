package dev.sparsecast.benchmarks;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.worker.device.ComputeDevice;
import dev.sparsecast.worker.device.Precision;
import dev.sparsecast.worker.script.DecoderScript;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes the archive that a model runs as: what {@code gpu_script.py} loads into PyTorch, on a GPU if there is one. */
public final class WriteScript {
    private WriteScript() {}

    /** {@code MODEL PRECISION DEVICE FILE}, such as {@code smollm2 bfloat16 gpu script.pt}. */
    public static void main(String[] arguments) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(Path.of(arguments[0]))) {
            DecoderScript script = new DecoderScript(
                    checkpoint.config(), Precision.ofLabel(arguments[1]), ComputeDevice.ofName(arguments[2]));
            Files.write(Path.of(arguments[3]), script.archive());
        }
    }
}
