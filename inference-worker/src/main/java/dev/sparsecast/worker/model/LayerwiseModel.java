package dev.sparsecast.worker.model;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Weights;
import dev.sparsecast.worker.device.DeviceArray;
import dev.sparsecast.worker.device.DeviceScope;
import dev.sparsecast.worker.device.TorchEngine;
import java.util.ArrayList;
import java.util.List;

/**
 * A model that sequences go through a decoder block at a time, so that a block's weights may still change after its inputs
 * were seen and before its outputs are computed. The residual streams of all sequences are kept, padding included (tokens ·
 * hidden size in float32); of the weights, one block is on the device at a time. Computes with array operations in float32. Used by one thread.
 */
public final class LayerwiseModel implements AutoCloseable {
    private final ModelConfig config;
    private final DeviceScope scope;
    private final List<Stream> streams = new ArrayList<>();
    private int layer;

    /** A batch, and its residual stream [batch, position, hidden] before the current block. */
    private record Stream(SequenceBatch batch, DeviceArray residual) {}

    private interface Step {
        void run(DecoderBlock block, int stream, DeviceScope stepScope, DeviceArray residual);
    }

    private LayerwiseModel(ModelConfig config, DeviceScope scope) {
        this.config = config;
        this.scope = scope;
    }

    /**
     * Embeds sequences of token ids; the first block is next.
     *
     * @throws IllegalArgumentException if a sequence is empty, longer than the model's positions, or has an unknown token
     */
    public static LayerwiseModel start(Weights weights, List<int[]> sequences, ModelOptions options) {
        sequences.forEach(tokens -> LanguageModel.check(tokens, weights.config()));
        TorchEngine.start(options.threads());
        LayerwiseModel model = new LayerwiseModel(weights.config(), DeviceScope.root(options.device()));
        try {
            model.embed(weights, sequences, options);
            return model;
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
    }

    private void embed(Weights weights, List<int[]> sequences, ModelOptions options) {
        try (DeviceScope embeddingScope = scope.child()) {
            DeviceArray embedding = embeddingScope.of(weights.tensor("model.embed_tokens.weight"));
            for (SequenceBatch batch : batches(sequences, options.batchTokens())) {
                try (DeviceScope batchScope = embeddingScope.child()) {
                    DeviceArray residual = batchScope
                            .of(batch.ids(sequences), batch.size(), batch.width())
                            .rowsOf(embedding);
                    if (config.traits().scaledEmbedding()) {
                        residual = residual.times(Math.sqrt(config.hiddenSize()));
                    }
                    streams.add(new Stream(batch, scope.adopt(residual)));
                }
            }
        }
    }

    private static List<SequenceBatch> batches(List<int[]> sequences, int batchTokens) {
        Pass.Limits limits = new Pass.Limits(batchTokens, ArrayDecoder.PADDING, false);
        return Pass.plan(sequences, new int[sequences.size()], limits).stream()
                .flatMap(pass -> pass.runs().stream())
                .toList();
    }

    /** The block that is next, from 0. */
    public int layer() {
        return layer;
    }

    /**
     * Runs the current block, without going past it, and hands the sums of its taps to the observer, as {@link
     * LanguageModel#profile} does.
     */
    public void profile(Weights weights, ActivationObserver observer) {
        forEachStream(weights, (block, stream, stepScope, residual) -> {
            SequenceBatch batch = streams.get(stream).batch();
            DeviceArray validity =
                    batch.padded() ? stepScope.of(batch.validity(), batch.size(), batch.width(), 1) : null;
            apply(block, batch, stepScope, residual, (at, tap, vectors) -> {
                DeviceArray counted = validity == null ? vectors : vectors.times(validity);
                observer.observe(
                        at,
                        tap,
                        batch.sequences(),
                        counted.sumOfSquares(1).toFloats(),
                        counted.sum(1).toFloats());
            });
        });
    }

    /** Goes past the current block, with these weights. */
    public void advance(Weights weights) {
        forEachStream(weights, (block, stream, stepScope, residual) -> {
            SequenceBatch batch = streams.get(stream).batch();
            DeviceArray next = apply(block, batch, stepScope, residual, (at, tap, vectors) -> {});
            streams.set(stream, new Stream(batch, next));
        });
        layer++;
    }

    private void forEachStream(Weights weights, Step step) {
        try (DeviceScope blockScope = scope.child()) {
            DecoderBlock block = DecoderBlock.load(blockScope, weights, layer);
            for (int stream = 0; stream < streams.size(); stream++) {
                try (DeviceScope stepScope = scope.child()) {
                    // results belong to the scope of what they are made from
                    DeviceArray residual = stepScope.adopt(streams.get(stream).residual());
                    step.run(block, stream, stepScope, residual);
                    scope.adopt(streams.get(stream).residual());
                }
            }
        }
    }

    private DeviceArray apply(
            DecoderBlock block,
            SequenceBatch batch,
            DeviceScope stepScope,
            DeviceArray residual,
            DecoderBlock.Taps taps) {
        RotaryEmbedding rotary = RotaryEmbedding.of(stepScope, batch.width(), config.headDim(), config.rotary());
        CausalAttention causal = new CausalAttention(stepScope, batch.width(), config);
        return block.apply(residual, config, rotary, causal, taps);
    }

    @Override
    public void close() {
        scope.close();
    }
}
