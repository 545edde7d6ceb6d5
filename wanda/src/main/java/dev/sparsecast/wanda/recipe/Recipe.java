package dev.sparsecast.wanda.recipe;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.checkpoint.SafetensorsFile;
import dev.sparsecast.checkpoint.SafetensorsWriter;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.checkpoint.Weights;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.PruningException;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.pruning.Pruner;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How to make a sub-model from its base model: the calibration's norms, the parameters, and the digest of the mask that
 * must come out. Whoever has the base model needs nothing else.
 *
 * <p>The file is safetensors with {@code model.layers.<i>.<tap>.norm} (F32, a value for each channel) and the metadata
 * {@code format=sparsecast-recipe}, those of {@link PruningParameters#metadata}, {@code model} and {@code mask_digest}. Equal recipes make equal bytes.
 *
 * @param parameters method, pattern, sparsity and budget, with the sparsity of every block
 * @param calibration the norms, and the base model that they are for
 * @param maskDigest digest of the mask, {@code sha256:…}
 */
public record Recipe(PruningParameters parameters, Calibration calibration, String maskDigest) {
    private static final String FORMAT = "sparsecast-recipe";

    /** The recipe of a sub-model that was made from a calibration. */
    public static Recipe of(SubModelMask mask, Calibration calibration) {
        if (!mask.modelDigest().equals(calibration.modelDigest())) {
            throw new IllegalArgumentException(
                    "mask of " + mask.modelDigest() + ", calibration of " + calibration.modelDigest());
        }
        return new Recipe(mask.parameters(), calibration, mask.digest());
    }

    /** Digest of the base model, {@code sha256:…}. */
    public String modelDigest() {
        return calibration.modelDigest();
    }

    /**
     * Makes the sub-model and checks that it is the one that was meant.
     *
     * @param base the base model
     * @throws PruningException if this is another model, or the mask comes out different
     */
    public SubModelMask apply(Weights base, int threads) {
        if (base instanceof Checkpoint checkpoint && !checkpoint.digest().equals(modelDigest())) {
            throw new PruningException("the recipe is for model " + modelDigest() + " but this model is "
                    + checkpoint.digest() + ": use the base model that it was made from");
        }
        SubModelMask mask = new Pruner()
                .prune(base, List.of(calibration), parameters, threads)
                .getFirst();
        if (!mask.digest().equals(maskDigest)) {
            throw new PruningException("the recipe promises mask " + maskDigest + " but gives " + mask.digest()
                    + ": recipe or base model are damaged; fetch them again");
        }
        return mask;
    }

    /** Writes the file atomically. */
    public void write(Path file) {
        Map<String, String> metadata = new TreeMap<>(parameters.metadata());
        metadata.put("format", FORMAT);
        metadata.put("model", modelDigest());
        metadata.put("mask_digest", maskDigest);
        List<SafetensorsWriter.Entry> layout = new ArrayList<>();
        for (int layer = 0; layer < calibration.layers(); layer++) {
            for (Tap tap : Tap.values()) {
                long channels = calibration.norms(layer, tap).length;
                layout.add(new SafetensorsWriter.Entry(name(layer, tap), ElementType.F32, List.of(channels)));
            }
        }
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, layout, metadata)) {
            for (int layer = 0; layer < calibration.layers(); layer++) {
                for (Tap tap : Tap.values()) {
                    writer.write(name(layer, tap), bytes(calibration.norms(layer, tap)));
                }
            }
            writer.finish();
        }
    }

    /**
     * Reads a file.
     *
     * @throws PruningException if it is no recipe or damaged
     * @throws dev.sparsecast.checkpoint.CheckpointException if it is no safetensors file
     */
    public static Recipe read(Path file) {
        try (SafetensorsFile safetensors = SafetensorsFile.open(file)) {
            Map<String, String> metadata = safetensors.metadata();
            if (!FORMAT.equals(metadata.get("format"))) {
                throw new PruningException(
                        file + " is no recipe: its metadata lacks format=" + FORMAT + "; fetch the release again");
            }
            PruningParameters parameters = PruningParameters.ofMetadata("recipe " + file, metadata);
            Calibration calibration = Calibration.ofNorms(norms(safetensors, file), required(metadata, "model", file));
            return new Recipe(parameters, calibration, required(metadata, "mask_digest", file));
        }
    }

    private static List<Map<Tap, float[]>> norms(SafetensorsFile safetensors, Path file) {
        int count = safetensors.tensors().size();
        if (count % Tap.values().length != 0) {
            throw new PruningException("recipe " + file + " has " + count + " norms, not " + Tap.values().length
                    + " for each layer; fetch it again");
        }
        List<Map<Tap, float[]>> layers = new ArrayList<>();
        for (int layer = 0; layer < count / Tap.values().length; layer++) {
            Map<Tap, float[]> taps = new EnumMap<>(Tap.class);
            for (Tap tap : Tap.values()) {
                Tensor tensor = safetensors.tensors().get(name(layer, tap));
                if (tensor == null || tensor.type() != ElementType.F32) {
                    throw new PruningException(
                            "recipe " + file + " lacks the F32 tensor " + name(layer, tap) + "; fetch it again");
                }
                taps.put(tap, tensor.toFloats());
            }
            layers.add(taps);
        }
        return layers;
    }

    private static String name(int layer, Tap tap) {
        return "model.layers." + layer + "." + tap.label() + ".norm";
    }

    private static MemorySegment bytes(float[] values) {
        ByteBuffer buffer =
                ByteBuffer.allocateDirect(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        buffer.asFloatBuffer().put(values);
        return MemorySegment.ofBuffer(buffer);
    }

    private static String required(Map<String, String> metadata, String key, Path file) {
        String value = metadata.get(key);
        if (value == null) {
            throw new PruningException("recipe " + file + " lacks the metadata '" + key + "'; fetch it again");
        }
        return value;
    }
}
