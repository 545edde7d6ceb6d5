package dev.sparsecast.worker.model;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Weights;
import dev.sparsecast.worker.device.DeviceScope;
import dev.sparsecast.worker.device.DeviceUnavailableException;
import dev.sparsecast.worker.device.Precision;
import dev.sparsecast.worker.device.ScriptException;
import dev.sparsecast.worker.device.TorchEngine;
import dev.sparsecast.worker.script.DecoderScript;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * A decoder-only transformer, loaded to the compute device. One thread at a time may use it; several models may work at
 * once, sharing the engine's threads. The {@link Weights} must stay open while the model is, as its head is read when it is
 * first needed.
 */
public final class LanguageModel implements AutoCloseable {
    /** TorchScript looks on at its first call and compiles at its second. */
    private static final int WARM_UP_PASSES = 2;

    private static final int WARM_UP_TOKENS = 160;

    private final ModelConfig config;
    private final ModelOptions options;
    private final Decoder decoder;

    /** A model of any arithmetic. */
    LanguageModel(ModelConfig config, ModelOptions options, Decoder decoder) {
        this.config = config;
        this.options = options;
        this.decoder = decoder;
    }

    /**
     * Copies a model's weights to the device.
     *
     * @throws dev.sparsecast.checkpoint.CheckpointException if a tensor is missing or of a type that cannot be run
     * @throws dev.sparsecast.worker.device.DeviceUnavailableException if the device or precision is not to be had here
     */
    public static LanguageModel load(Weights weights, ModelOptions options) {
        TorchEngine.start(options.threads());
        DeviceScope scope = DeviceScope.root(options.device());
        try {
            return new LanguageModel(weights.config(), options, decoder(weights, options, scope));
        } catch (RuntimeException e) {
            scope.close();
            throw e;
        }
    }

    private static Decoder decoder(Weights weights, ModelOptions options, DeviceScope scope) {
        if (options.plain()) {
            return new ArrayDecoder(weights, scope);
        }
        try {
            return new ScriptDecoder(
                    weights, new DecoderScript(weights.config(), options.precision(), options.device()), scope);
        } catch (ScriptException e) {
            if (options.precision() == Precision.FLOAT32) {
                throw e;
            }
            throw new DeviceUnavailableException(
                    options.precision().label() + " cannot be computed in on this " + options.device()
                            + " (on processors it needs AVX-512 or AMX); use --precision float32",
                    e);
        }
    }

    /**
     * This model with the decoder blocks of other weights, such as pruned ones. Script, embedding, final norm and head are
     * this one's, so it is there sooner and takes less memory; this one must stay open meanwhile, and the same thread must use
     * both.
     *
     * @param weights of the same config
     */
    public LanguageModel withBlocksOf(Weights weights) {
        if (!weights.config().equals(config)) {
            throw new IllegalArgumentException("blocks of another model than this one");
        }
        return new LanguageModel(config, options, decoder.withBlocksOf(weights));
    }

    /** Runs a few tokens through the blocks, so that the engine has compiled what it runs before the first prompt comes. */
    public void warmUp() {
        List<int[]> sequences = List.of(new int[Math.min(WARM_UP_TOKENS, config.maxPositions())]);
        for (int pass = 0; pass < WARM_UP_PASSES; pass++) {
            profile(sequences, (layer, tap, groups, sumSquares, sum) -> {}, Progress.NONE);
        }
    }

    public ModelConfig config() {
        return config;
    }

    public ModelOptions options() {
        return options;
    }

    /**
     * Runs sequences of token ids through the decoder blocks and hands the sums of every tap to the observer, every sequence
     * being a group of its own; see {@link #profile(List, int[], ActivationObserver, Progress)}.
     */
    public void profile(List<int[]> sequences, ActivationObserver observer, Progress progress) {
        profile(sequences, IntStream.range(0, sequences.size()).toArray(), observer, progress);
    }

    /**
     * Runs sequences of token ids through the decoder blocks and hands the sums of every tap to the observer; the head is
     * not computed. Sequences are taken together by length, whatever their order; padding is in no sum.
     *
     * @param groups the group of each sequence, whose sums are added up
     * @throws IllegalArgumentException if a sequence is empty, longer than the model's positions, or has an unknown token
     */
    public void profile(List<int[]> sequences, int[] groups, ActivationObserver observer, Progress progress) {
        forEachPass(sequences, groups, progress, pass -> decoder.profile(pass, sequences, groups, observer));
    }

    /**
     * How well the model predicts each sequence of token ids.
     *
     * @return one loss a sequence, in the order given
     * @throws IllegalArgumentException if a sequence is empty, longer than the model's positions, or has an unknown token
     */
    public Evaluation evaluate(List<int[]> sequences, Progress progress) {
        SequenceLoss[] losses = new SequenceLoss[sequences.size()];
        forEachPass(sequences, new int[sequences.size()], progress, pass -> {
            float[] logLikelihoods = decoder.logLikelihoods(pass, sequences);
            int next = 0;
            for (int sequence : pass.sequences()) {
                int predicted = sequences.get(sequence).length - 1;
                double sum = 0;
                for (int i = 0; i < predicted; i++) {
                    sum -= logLikelihoods[next++];
                }
                losses[sequence] = new SequenceLoss(sum, predicted);
            }
        });
        return new Evaluation(Arrays.asList(losses));
    }

    /** Final logits of one sequence, [position, vocabulary] row-major: for tests and small models. */
    public float[] logits(int[] tokens) {
        check(tokens, config);
        return decoder.logits(tokens);
    }

    @Override
    public void close() {
        decoder.close();
    }

    private void forEachPass(List<int[]> sequences, int[] groups, Progress progress, Consumer<Pass> work) {
        sequences.forEach(tokens -> check(tokens, config));
        long total = sequences.stream().mapToLong(tokens -> tokens.length).sum();
        long done = 0;
        for (Pass pass : Pass.plan(sequences, groups, decoder.limits(options.batchTokens()))) {
            work.accept(pass);
            done += pass.tokens();
            progress.advanced(done, total);
        }
    }

    static void check(int[] tokens, ModelConfig config) {
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
}
