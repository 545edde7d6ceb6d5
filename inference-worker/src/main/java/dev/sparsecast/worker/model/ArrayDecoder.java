package dev.sparsecast.worker.model;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Weights;
import dev.sparsecast.worker.device.DeviceArray;
import dev.sparsecast.worker.device.DeviceScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The forward pass as float32 operations on arrays, one after the other: the plain twin of {@link ScriptDecoder}. It takes
 * the runs of a pass one by one, padded.
 */
final class ArrayDecoder implements Decoder {
    /** See {@link #padding}. */
    static final double PADDING = 0.1;

    private final ModelConfig config;
    private final DeviceScope scope;
    private final DeviceArray embedding;
    private final List<DecoderBlock> blocks;
    private final RmsNorm finalNorm;
    private final DeviceArray head;

    /** Copies weights into a scope, which this decoder closes. */
    ArrayDecoder(Weights weights, DeviceScope scope) {
        this.config = weights.config();
        this.scope = scope;
        this.embedding = scope.of(weights.tensor("model.embed_tokens.weight"));
        this.blocks = blocks(weights, scope);
        this.finalNorm = RmsNorm.load(scope, weights, "model.norm");
        this.head = config.tiedEmbeddings() ? embedding : scope.of(weights.tensor("lm_head.weight"));
    }

    /** The blocks of other weights between another decoder's embedding and head. */
    private ArrayDecoder(Weights weights, ArrayDecoder owner) {
        this.config = owner.config;
        this.scope = owner.scope.child();
        this.embedding = owner.embedding;
        this.blocks = blocks(weights, scope);
        this.finalNorm = owner.finalNorm;
        this.head = owner.head;
    }

    private static List<DecoderBlock> blocks(Weights weights, DeviceScope scope) {
        List<DecoderBlock> loaded = new ArrayList<>();
        for (int layer = 0; layer < weights.config().layers(); layer++) {
            loaded.add(DecoderBlock.load(scope, weights, layer));
        }
        return List.copyOf(loaded);
    }

    @Override
    public Decoder withBlocksOf(Weights weights) {
        return new ArrayDecoder(weights, this);
    }

    @Override
    public Pass.Limits limits(int passTokens) {
        return new Pass.Limits(passTokens, PADDING, false);
    }

    @Override
    public void profile(Pass pass, List<int[]> sequences, int[] groups, ActivationObserver observer) {
        for (SequenceBatch run : pass.runs()) {
            int[] rows = IntStream.of(run.sequences()).map(i -> groups[i]).toArray();
            try (DeviceScope runScope = scope.child()) {
                DeviceArray validity = run.padded() ? runScope.of(run.validity(), run.size(), run.width(), 1) : null;
                hiddenStates(run, sequences, runScope, (layer, tap, vectors) -> {
                    DeviceArray counted = validity == null ? vectors : vectors.times(validity);
                    observer.observe(
                            layer,
                            tap,
                            rows,
                            counted.sumOfSquares(1).toFloats(),
                            counted.sum(1).toFloats());
                });
            }
        }
    }

    @Override
    public float[] logLikelihoods(Pass pass, List<int[]> sequences) {
        float[] result = new float[pass.tokens() - pass.size()];
        int done = 0;
        for (SequenceBatch run : pass.runs()) {
            try (DeviceScope runScope = scope.child()) {
                DeviceArray hidden = finalNorm
                        .apply(hiddenStates(run, sequences, runScope, (layer, tap, vectors) -> {}))
                        .reshape((long) run.size() * run.width(), config.hiddenSize());
                float[] values = logLikelihoods(run, sequences, hidden, runScope);
                System.arraycopy(values, 0, result, done, values.length);
                done += values.length;
            }
        }
        return result;
    }

    @Override
    public float[] logits(int[] tokens) {
        SequenceBatch run = new SequenceBatch(new int[] {0}, new int[] {tokens.length});
        try (DeviceScope runScope = scope.child()) {
            return finalNorm
                    .apply(hiddenStates(run, List.of(tokens), runScope, (layer, tap, vectors) -> {}))
                    .linear(head)
                    .toFloats();
        }
    }

    @Override
    public void close() {
        scope.close();
    }

    /** The residual stream after the last block, [batch, position, hidden]. */
    private DeviceArray hiddenStates(
            SequenceBatch batch, List<int[]> sequences, DeviceScope batchScope, DecoderBlock.Taps taps) {
        RotaryEmbedding rotary = RotaryEmbedding.of(batchScope, batch.width(), config.headDim(), config.rotary());
        CausalAttention attention = new CausalAttention(batchScope, batch.width(), config);
        DeviceArray residual =
                batchScope.of(batch.ids(sequences), batch.size(), batch.width()).rowsOf(embedding);
        if (config.traits().scaledEmbedding()) {
            residual = residual.times(Math.sqrt(config.hiddenSize()));
        }
        for (DecoderBlock block : blocks) {
            try (DeviceScope blockScope = batchScope.child()) {
                DeviceArray next = block.apply(blockScope.adopt(residual), config, rotary, attention, taps);
                residual = batchScope.adopt(next);
            }
        }
        return residual;
    }

    /** ln p of every token but the first of every sequence, sequence after sequence. */
    private float[] logLikelihoods(
            SequenceBatch batch, List<int[]> sequences, DeviceArray hidden, DeviceScope batchScope) {
        Predictions predictions = Predictions.padded(new Pass(0, List.of(batch)), sequences, batch.width());
        float[] result = new float[predictions.size()];
        int chunk = Math.max(1, LOGITS_AT_ONCE / config.vocabularySize());
        for (int from = 0; from < result.length; from += chunk) {
            int to = Math.min(result.length, from + chunk);
            try (DeviceScope chunkScope = batchScope.child()) {
                float[] values = chunkScope
                        .of(Arrays.copyOfRange(predictions.rows(), from, to), to - from)
                        .rowsOf(hidden)
                        .linear(head)
                        .logSoftmaxAt(chunkScope.of(Arrays.copyOfRange(predictions.targets(), from, to), to - from, 1))
                        .toFloats();
                System.arraycopy(values, 0, result, from, to - from);
            }
        }
        return result;
    }
}
