package dev.sparsecast.wanda.structured;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.CheckpointJson;
import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.SafetensorsFile;
import dev.sparsecast.checkpoint.SafetensorsWriter;
import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.ProgressMeter;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.materialization.CheckpointWriter;
import dev.sparsecast.wanda.materialization.StagingDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes a cut model as an ordinary checkpoint: {@code config.json} with the new numbers of heads and neurons and the
 * biases, shards under their old names, an index where there was one, and everything else as it was. The directory
 * appears when it is complete.
 */
final class SlimCheckpointWriter {
    private static final String CONFIG = "config.json";

    private SlimCheckpointWriter() {}

    static void write(Checkpoint base, Cut cut, SlimTensors tensors, Path target, Progress progress) {
        CheckpointWriter.checkTarget(target, base.directory());
        StagingDirectory staging = StagingDirectory.beside(target);
        try (staging) {
            CheckpointWriter.copyOthers(base, staging.path());
            CheckpointJson.writeConfig(
                    base.directory().resolve(CONFIG), staging.path().resolve(CONFIG), changes(base.config(), cut));
            writeShards(base, tensors, staging.path(), progress);
            staging.publish();
        } catch (IOException | UncheckedIOException e) {
            throw new PruningException("cannot write checkpoint " + target + ": " + e.getMessage(), e);
        }
    }

    /** Fields of the config that are no longer what they were, or followed from what is no longer so. */
    static Map<String, Object> changes(ModelConfig config, Cut cut) {
        Map<String, Object> changes = new LinkedHashMap<>();
        if (cut.cutsHeads(config)) {
            changes.put("num_attention_heads", cut.heads(config));
            changes.put("num_key_value_heads", cut.keyValueHeads());
            changes.put("head_dim", config.headDim());
            changes.put("attention_bias", true);
        }
        if (cut.cutsNeurons(config)) {
            changes.put("intermediate_size", cut.neurons());
            changes.put("mlp_bias", true);
        }
        return changes;
    }

    private static void writeShards(Checkpoint base, SlimTensors tensors, Path staging, Progress progress) {
        long total = base.shards().stream()
                .flatMap(shard -> shard.tensors().values().stream())
                .mapToLong(tensor -> tensor.data().byteSize())
                .sum();
        ProgressMeter meter = new ProgressMeter(progress, "writing", total);
        Map<String, String> shardOf = new TreeMap<>();
        long written = 0;
        for (SafetensorsFile shard : base.shards()) {
            String name = String.valueOf(shard.path().getFileName());
            List<SafetensorsWriter.Entry> layout = new ArrayList<>();
            // twice, so that no more than one tensor is held at a time
            for (Tensor tensor : shard.tensors().values()) {
                for (Tensor slim : tensors.inPlaceOf(tensor)) {
                    layout.add(new SafetensorsWriter.Entry(slim.name(), slim.type(), slim.shape()));
                    shardOf.put(slim.name(), name);
                    written += slim.data().byteSize();
                }
            }
            try (SafetensorsWriter writer = SafetensorsWriter.create(staging.resolve(name), layout, shard.metadata())) {
                for (Tensor tensor : shard.tensors().values()) {
                    for (Tensor slim : tensors.inPlaceOf(tensor)) {
                        writer.write(slim.name(), slim.data());
                    }
                    meter.add(tensor.data().byteSize());
                }
                writer.finish();
            }
        }
        CheckpointJson.rewriteIndex(staging, shardOf, written);
    }
}
