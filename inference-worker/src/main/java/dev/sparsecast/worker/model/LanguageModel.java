package dev.sparsecast.worker.model;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Weights;
import dev.sparsecast.worker.device.DeviceArray;
import dev.sparsecast.worker.device.DeviceScope;
import dev.sparsecast.worker.device.TorchEngine;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A decoder-only transformer, loaded to the compute device in float32. One thread at a time may use it; several models
 * may work at once, sharing the engine's threads. Nothing is read from the {@link Weights} after {@link #load}.
 */
public final class LanguageModel implements AutoCloseable {
    /** Logits that exist at a time: the head works through positions in chunks of this many elements. */
    private static final int LOGITS_AT_ONCE = 1 << 24;

    private final ModelConfig config;
    private final ModelOptions options;
    private final DeviceScope scope;
    private final DeviceArray embedding;
    private final List<DecoderBlock> blocks;
    private final RmsNorm finalNorm;
    private final DeviceArray head;

    private LanguageModel(Weights weights, ModelOptions options, DeviceScope scope) {
        this.config = weights.config();
        this.options = options;
        this.scope = scope;
        this.embedding = scope.of(weights.tensor("model.embed_tokens.weight"));
        List<DecoderBlock> loaded = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            loaded.add(DecoderBlock.load(scope, weights, layer));
        }
        this.blocks = List.copyOf(loaded);
        this.finalNorm = RmsNorm.load(scope, weights, "model.norm");
        this.head = config.tiedEmbeddings() ? embedding : scope.of(weights.tensor("lm_head.weight"));
    }

    /**
     * Copies a model's weights to the device.
     *
     * @throws dev.sparsecast.checkpoint.CheckpointException if a tensor is missing or of a type that cannot be run
     */
    public static LanguageModel load(Weights weights, ModelOptions options) {
        TorchEngine.start(options.threads());
        DeviceScope scope = DeviceScope.root();
        try {
            return new LanguageModel(weights, options, scope);
        } catch (RuntimeException e) {
            scope.close();
            throw e;
        }
    }

    public ModelConfig config() {
        return config;
    }

    public ModelOptions options() {
        return options;
    }

    /**
     * Runs sequences of token ids through the decoder blocks and hands the sums of every tap to the observer; the head is
     * not computed. Sequences are taken together by length, whatever their order; padding is in no sum.
     *
     * @throws IllegalArgumentException if a sequence is empty, longer than the model's positions, or has an unknown token
     */
    public void profile(List<int[]> sequences, ActivationObserver observer, Progress progress) {
        forEachBatch(sequences, progress, (batch, batchScope) -> {
            DeviceArray validity =
                    batch.padded() ? batchScope.of(batch.validity(), batch.size(), batch.width(), 1) : null;
            hiddenStates(batch, sequences, batchScope, (layer, tap, vectors) -> {
                DeviceArray counted = validity == null ? vectors : vectors.times(validity);
                observer.observe(
                        layer,
                        tap,
                        batch.sequences(),
                        counted.sumOfSquares(1).toFloats(),
                        counted.sum(1).toFloats());
            });
        });
    }

    /**
     * How well the model predicts each sequence of token ids.
     *
     * @return one loss a sequence, in the order given
     * @throws IllegalArgumentException if a sequence is empty, longer than the model's positions, or has an unknown token
     */
    public Evaluation evaluate(List<int[]> sequences, Progress progress) {
        SequenceLoss[] losses = new SequenceLoss[sequences.size()];
        forEachBatch(sequences, progress, (batch, batchScope) -> {
            DeviceArray hidden = finalNorm
                    .apply(hiddenStates(batch, sequences, batchScope, (layer, tap, vectors) -> {}))
                    .reshape((long) batch.size() * batch.width(), config.hiddenSize());
            float[] logLikelihoods = logLikelihoods(batch, sequences, hidden, batchScope);
            int next = 0;
            for (int row = 0; row < batch.size(); row++) {
                int predicted = batch.lengths()[row] - 1;
                double sum = 0;
                for (int i = 0; i < predicted; i++) {
                    sum -= logLikelihoods[next++];
                }
                losses[batch.sequences()[row]] = new SequenceLoss(sum, predicted);
            }
        });
        return new Evaluation(Arrays.asList(losses));
    }

    /** Final logits of one sequence, [position, vocabulary] row-major: for tests and small models. */
    public float[] logits(int[] tokens) {
        List<int[]> sequences = List.of(tokens);
        float[][] logits = new float[1][];
        forEachBatch(
                sequences,
                Progress.NONE,
                (batch, batchScope) -> logits[0] = finalNorm
                        .apply(hiddenStates(batch, sequences, batchScope, (layer, tap, vectors) -> {}))
                        .linear(head)
                        .toFloats());
        return logits[0];
    }

    @Override
    public void close() {
        scope.close();
    }

    private interface BatchWork {
        void run(SequenceBatch batch, DeviceScope batchScope);
    }

    private void forEachBatch(List<int[]> sequences, Progress progress, BatchWork work) {
        sequences.forEach(this::check);
        long total = sequences.stream().mapToLong(tokens -> tokens.length).sum();
        long done = 0;
        for (SequenceBatch batch : SequenceBatch.plan(sequences, options.batchTokens())) {
            try (DeviceScope batchScope = scope.child()) {
                work.run(batch, batchScope);
            }
            done += batch.tokens();
            progress.advanced(done, total);
        }
    }

    private void check(int[] tokens) {
        if (tokens.length == 0 || tokens.length > config.maxPositions()) {
            throw new IllegalArgumentException(
                    "a sequence of " + tokens.length + " tokens: the model takes 1 to " + config.maxPositions());
        }
        for (int token : tokens) {
            if (token < 0 || token >= config.vocabularySize()) {
                throw new IllegalArgumentException("token " + token + " is not among the model's "
                        + config.vocabularySize() + ": the tokenizer does not belong to this model");
            }
        }
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
        int predicted = batch.tokens() - batch.size();
        long[] positions = new long[predicted];
        long[] targets = new long[predicted];
        int next = 0;
        for (int row = 0; row < batch.size(); row++) {
            int[] tokens = sequences.get(batch.sequences()[row]);
            for (int position = 0; position + 1 < tokens.length; position++) {
                positions[next] = (long) row * batch.width() + position;
                targets[next++] = tokens[position + 1];
            }
        }
        float[] result = new float[predicted];
        int chunk = Math.max(1, LOGITS_AT_ONCE / config.vocabularySize());
        for (int from = 0; from < predicted; from += chunk) {
            int to = Math.min(predicted, from + chunk);
            try (DeviceScope chunkScope = batchScope.child()) {
                float[] values = chunkScope
                        .of(Arrays.copyOfRange(positions, from, to), to - from)
                        .rowsOf(hidden)
                        .linear(head)
                        .logSoftmaxAt(chunkScope.of(Arrays.copyOfRange(targets, from, to), to - from, 1))
                        .toFloats();
                System.arraycopy(values, 0, result, from, to - from);
            }
        }
        return result;
    }
}
