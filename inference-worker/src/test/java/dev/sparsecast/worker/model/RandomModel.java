package dev.sparsecast.worker.model;

import dev.sparsecast.checkpoint.BlockTraits;
import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.checkpoint.ElementType;
import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.PrunableModule;
import dev.sparsecast.checkpoint.RotaryPositions;
import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.checkpoint.Weights;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Seeded random weights of any shape, in memory. */
public record RandomModel(ModelConfig config, Map<String, Tensor> tensors) implements Weights {
    /** A model of some shape whose weights are drawn from N(0, 1/columns), which keeps activations of order one. */
    public static RandomModel of(ModelConfig config, long seed) {
        Random random = new Random(seed);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        add(tensors, random, "model.embed_tokens.weight", config.vocabularySize(), config.hiddenSize());
        for (PrunableModule module : PrunableModule.of(config)) {
            add(tensors, random, module.weight(), module.rows(), module.columns());
            if (module.hasBias(config.traits())) {
                addVector(tensors, random, module.bias(), module.rows(), 0, 0.3);
            }
        }
        double gain = config.traits().onePlusNorms() ? 0 : 1;
        for (int layer = 0; layer < config.layers(); layer++) {
            String block = "model.layers." + layer + ".";
            addVector(tensors, random, block + "input_layernorm.weight", config.hiddenSize(), gain, 0.2);
            addVector(tensors, random, block + "post_attention_layernorm.weight", config.hiddenSize(), gain, 0.2);
            if (config.traits().headNorms()) {
                addVector(tensors, random, block + "self_attn.q_norm.weight", config.headDim(), gain, 0.2);
                addVector(tensors, random, block + "self_attn.k_norm.weight", config.headDim(), gain, 0.2);
            }
        }
        addVector(tensors, random, "model.norm.weight", config.hiddenSize(), gain, 0.2);
        if (!config.tiedEmbeddings()) {
            add(tensors, random, "lm_head.weight", config.vocabularySize(), config.hiddenSize());
        }
        return new RandomModel(config, tensors);
    }

    /** Two layers of odd sizes with three query heads to a key-value head. */
    public static ModelConfig smallShape(boolean tied) {
        return ModelConfig.llama(30, 53, 2, 6, 2, 10, 61, 300, 1e-5, 10_000, tied);
    }

    /** The small shape with traits and rotary positions of its own. */
    public static ModelConfig smallShape(BlockTraits traits, RotaryPositions rotary) {
        ModelConfig llama = smallShape(true);
        return new ModelConfig(
                llama.family(),
                llama.hiddenSize(),
                llama.intermediateSize(),
                llama.layers(),
                llama.heads(),
                llama.keyValueHeads(),
                llama.headDim(),
                llama.vocabularySize(),
                llama.maxPositions(),
                llama.rmsNormEpsilon(),
                rotary,
                llama.tiedEmbeddings(),
                traits);
    }

    /** {@code count} seeded sequences of random tokens, lengths from 1 to {@code longest}. */
    public static List<int[]> sequences(ModelConfig config, int count, int longest, long seed) {
        Random random = new Random(seed);
        return IntStream.range(0, count)
                .mapToObj(i -> random.ints(1 + random.nextInt(longest), 0, config.vocabularySize())
                        .toArray())
                .collect(Collectors.toList());
    }

    private static void addVector(
            Map<String, Tensor> tensors, Random random, String name, int length, double mean, double spread) {
        float[] values = new float[length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (mean + spread * random.nextGaussian());
        }
        put(tensors, name, values, values.length);
    }

    private static void add(Map<String, Tensor> tensors, Random random, String name, int rows, int columns) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() / Math.sqrt(columns));
        }
        put(tensors, name, values, rows, columns);
    }

    private static void put(Map<String, Tensor> tensors, String name, float[] values, long... shape) {
        byte[] bytes = new byte[values.length * Float.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values);
        tensors.put(
                name,
                new Tensor(name, ElementType.F32, LongStream.of(shape).boxed().toList(), MemorySegment.ofArray(bytes)));
    }

    @Override
    public Tensor tensor(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new CheckpointException("no tensor " + name);
        }
        return tensor;
    }

    @Override
    public boolean hasTensor(String name) {
        return tensors.containsKey(name);
    }
}
