package dev.sparsecast.worker.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.sparsecast.checkpoint.BlockTraits;
import dev.sparsecast.checkpoint.GateActivation;
import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.RotaryPositions;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.Tensor;
import dev.sparsecast.worker.device.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The forward pass against its plain twin, and what batching must not change. */
class LanguageModelTest {

    static Stream<Arguments> shapes() {
        BlockTraits everything =
                new BlockTraits(GateActivation.GELU_TANH, true, true, true, true, true, true, OptionalInt.of(50));
        RotaryPositions llama3 = new RotaryPositions(500, new RotaryPositions.Llama3(8, 1, 4, 60));
        // As wide as a block of queries and one more: the second block drops no key, or one.
        BlockTraits wide =
                new BlockTraits(GateActivation.SILU, true, false, false, false, false, false, OptionalInt.of(129));
        RotaryPositions linear = new RotaryPositions(9000, new RotaryPositions.Linear(2.5));
        return Stream.of(
                arguments(RandomModel.smallShape(true), Arithmetic.PLAIN),
                arguments(RandomModel.smallShape(false), Arithmetic.SCRIPT),
                arguments(RandomModel.smallShape(true), Arithmetic.GPU_SCRIPT),
                arguments(RandomModel.smallShape(everything, llama3), Arithmetic.PLAIN),
                arguments(RandomModel.smallShape(everything, llama3), Arithmetic.SCRIPT),
                arguments(RandomModel.smallShape(everything, llama3), Arithmetic.GPU_SCRIPT),
                arguments(RandomModel.smallShape(wide, linear), Arithmetic.PLAIN),
                arguments(RandomModel.smallShape(wide, linear), Arithmetic.SCRIPT));
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void agreesWithDoublePrecisionInPlainLoops(ModelConfig shape, Arithmetic arithmetic) {
        long seed = 7;
        RandomModel weights = RandomModel.of(shape, seed);
        PlainLlama twin = new PlainLlama(weights);
        // Longer than one block of queries, a single token, and lengths that are padded together.
        List<int[]> sequences = new ArrayList<>(RandomModel.sequences(shape, 3, 40, seed));
        sequences.addAll(RandomModel.sequences(shape, 1, 1, seed));
        sequences.add(new Random(seed).ints(150, 0, shape.vocabularySize()).toArray());
        sequences.add(new Random(seed + 9).ints(141, 0, shape.vocabularySize()).toArray());
        // Long enough for attention head by head.
        sequences.add(new Random(seed + 8).ints(270, 0, shape.vocabularySize()).toArray());

        try (LanguageModel model = arithmetic.load(weights)) {
            List<PlainLlama.Run> runs = sequences.stream().map(twin::run).toList();
            model.profile(
                    sequences,
                    (layer, tap, members, sumSquares, sum) -> {
                        int channels = tap.channels(shape);
                        for (int row = 0; row < members.length; row++) {
                            PlainLlama.Run expected = runs.get(members[row]);
                            assertClose(row(sumSquares, row, channels), expected.sumSquares(layer, tap), 1e-5);
                            assertClose(row(sum, row, channels), expected.sum(layer, tap), 1e-5);
                        }
                    },
                    Progress.NONE);
            Evaluation evaluation = model.evaluate(sequences, Progress.NONE);
            for (int i = 0; i < sequences.size(); i++) {
                SequenceLoss loss = evaluation.sequences().get(i);
                assertThat(loss.predictedTokens()).isEqualTo(sequences.get(i).length - 1);
                assertThat(loss.negativeLogLikelihood())
                        .isCloseTo(runs.get(i).negativeLogLikelihood(sequences.get(i)), within(1e-5 * 300));
            }
            double[][] logits = runs.getFirst().logits();
            float[] actual = model.logits(sequences.getFirst());
            for (int position = 0; position < logits.length; position++) {
                assertClose(row(actual, position, shape.vocabularySize()), logits[position], 1e-5);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Arithmetic.class)
    void withTheBlocksOfAnotherModelItIsThatModelIfAllElseIsTheSame(Arithmetic arithmetic) {
        ModelConfig shape = RandomModel.smallShape(true);
        RandomModel weights = RandomModel.of(shape, 7);
        Map<String, Tensor> mixed = new HashMap<>(RandomModel.of(shape, 8).tensors());
        for (String shared : List.of("model.embed_tokens.weight", "model.norm.weight")) {
            mixed.put(shared, weights.tensor(shared));
        }
        RandomModel other = new RandomModel(shape, mixed);
        List<int[]> sequences = RandomModel.sequences(shape, 12, 90, 7);
        try (LanguageModel model = arithmetic.load(weights);
                LanguageModel alone = arithmetic.load(other)) {
            double before = model.evaluate(sequences, Progress.NONE).perplexity();
            double expected = alone.evaluate(sequences, Progress.NONE).perplexity();
            assertThat(expected).isNotCloseTo(before, within(1e-3 * before));
            for (int time = 0; time < 2; time++) {
                try (LanguageModel sharing = model.withBlocksOf(other)) {
                    assertThat(sharing.evaluate(sequences, Progress.NONE).perplexity())
                            .isCloseTo(expected, within(1e-6 * expected));
                }
                assertThat(model.evaluate(sequences, Progress.NONE).perplexity())
                        .isCloseTo(before, within(1e-6 * before));
            }
        }
    }

    @Test
    void everyTapOfEveryLayerSeesEverySequenceOnce() {
        ModelConfig shape = RandomModel.smallShape(true);
        List<int[]> sequences = RandomModel.sequences(shape, 25, 60, 5);
        try (LanguageModel model = LanguageModel.load(RandomModel.of(shape, 5), ModelOptions.defaults())) {
            int[][][] seen = new int[shape.layers()][Tap.values().length][sequences.size()];
            model.profile(
                    sequences,
                    (layer, tap, members, sumSquares, sum) -> {
                        for (int member : members) {
                            seen[layer][tap.ordinal()][member]++;
                        }
                    },
                    Progress.NONE);
            for (int[][] layer : seen) {
                for (int[] tap : layer) {
                    assertThat(tap).containsOnly(1);
                }
            }
        }
    }

    /** Bfloat16 has 8 bits of mantissa: a relative error of 4e-3 at each of many roundings. */
    @Test
    void bfloat16StaysCloseToFloat32() {
        ModelConfig shape = RandomModel.smallShape(false);
        RandomModel weights = RandomModel.of(shape, 11);
        List<int[]> sequences = RandomModel.sequences(shape, 12, 290, 11);
        ModelOptions narrow = ModelOptions.defaults().withPrecision(Precision.BFLOAT16);
        try (LanguageModel wide = LanguageModel.load(weights, ModelOptions.defaults());
                LanguageModel model = LanguageModel.load(weights, narrow)) {
            List<float[]> expected = sumsOfSequences(wide, sequences);
            List<float[]> actual = sumsOfSequences(model, sequences);
            for (int i = 0; i < sequences.size(); i++) {
                assertClose(actual.get(i), toDoubles(expected.get(i)), 0.03);
            }
            double perplexity = wide.evaluate(sequences, Progress.NONE).perplexity();
            assertThat(model.evaluate(sequences, Progress.NONE).perplexity())
                    .isCloseTo(perplexity, within(0.02 * perplexity));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {64, 500, 4096})
    void batchingChangesNoSum(int batchTokens) {
        ModelConfig shape = RandomModel.smallShape(true);
        RandomModel weights = RandomModel.of(shape, 7);
        List<int[]> sequences = RandomModel.sequences(shape, 30, 90, 7);
        try (LanguageModel alone =
                        LanguageModel.load(weights, ModelOptions.defaults().withBatchTokens(1));
                LanguageModel together =
                        LanguageModel.load(weights, ModelOptions.defaults().withBatchTokens(batchTokens))) {
            List<float[]> expected = sumsOfSequences(alone, sequences);
            List<float[]> actual = sumsOfSequences(together, sequences);
            for (int i = 0; i < sequences.size(); i++) {
                assertClose(actual.get(i), toDoubles(expected.get(i)), 1e-5);
            }
            Evaluation expectedLoss = alone.evaluate(sequences, Progress.NONE);
            Evaluation actualLoss = together.evaluate(sequences, Progress.NONE);
            assertThat(actualLoss.predictedTokens()).isEqualTo(expectedLoss.predictedTokens());
            assertThat(actualLoss.perplexity()).isCloseTo(expectedLoss.perplexity(), within(1e-3));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"SCRIPT", "GPU_SCRIPT"})
    void aSharedBeginningChangesNoSumAndNoLoss(Arithmetic arithmetic) {
        ModelConfig shape = RandomModel.smallShape(true);
        RandomModel weights = RandomModel.of(shape, 13);
        int[] system = new Random(13).ints(140, 0, shape.vocabularySize()).toArray();
        List<int[]> sequences = new ArrayList<>();
        for (int[] own : RandomModel.sequences(shape, 14, 150, 13)) {
            int[] tokens = Arrays.copyOf(system, system.length + own.length);
            System.arraycopy(own, 0, tokens, system.length, own.length);
            sequences.add(tokens);
        }
        sequences.addAll(RandomModel.sequences(shape, 5, 90, 14));
        try (LanguageModel shared = arithmetic.load(weights);
                LanguageModel alone = Arithmetic.PLAIN.load(weights)) {
            List<float[]> expected = sumsOfSequences(alone, sequences);
            List<float[]> actual = sumsOfSequences(shared, sequences);
            for (int i = 0; i < sequences.size(); i++) {
                assertClose(actual.get(i), toDoubles(expected.get(i)), 1e-5);
            }
            Evaluation expectedLoss = alone.evaluate(sequences, Progress.NONE);
            Evaluation actualLoss = shared.evaluate(sequences, Progress.NONE);
            for (int i = 0; i < sequences.size(); i++) {
                assertThat(actualLoss.sequences().get(i).negativeLogLikelihood())
                        .isCloseTo(expectedLoss.sequences().get(i).negativeLogLikelihood(), within(1e-5 * 300));
            }
        }
    }

    @Test
    void refusesWhatTheModelCannotTake() {
        ModelConfig shape = RandomModel.smallShape(true);
        try (LanguageModel model = LanguageModel.load(RandomModel.of(shape, 1), ModelOptions.defaults())) {
            assertThatThrownBy(() -> model.evaluate(List.of(new int[0]), Progress.NONE))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("0 tokens");
            assertThatThrownBy(() -> model.evaluate(List.of(new int[301]), Progress.NONE))
                    .hasMessageContaining("the model takes 1 to 300");
            assertThatThrownBy(() -> model.evaluate(List.of(new int[] {3, 61}), Progress.NONE))
                    .hasMessageContaining("token 61");
        }
    }

    @Test
    void progressEndsAtTheTotal() {
        ModelConfig shape = RandomModel.smallShape(true);
        List<int[]> sequences = RandomModel.sequences(shape, 10, 50, 3);
        long total = sequences.stream().mapToLong(s -> s.length).sum();
        AtomicLong last = new AtomicLong();
        try (LanguageModel model = LanguageModel.load(
                RandomModel.of(shape, 1), ModelOptions.defaults().withBatchTokens(60))) {
            model.evaluate(sequences, (done, all) -> {
                assertThat(all).isEqualTo(total);
                assertThat(done).isGreaterThan(last.getAndSet(done));
            });
        }
        assertThat(last).hasValue(total);
    }

    /** Both sums of all taps of all layers in one array a sequence. */
    private static List<float[]> sumsOfSequences(LanguageModel model, List<int[]> sequences) {
        ModelConfig shape = model.config();
        int perLayer = 0;
        for (Tap tap : Tap.values()) {
            perLayer += 2 * tap.channels(shape);
        }
        int width = perLayer;
        List<float[]> all = new ArrayList<>();
        for (int i = 0; i < sequences.size(); i++) {
            all.add(new float[width * shape.layers()]);
        }
        model.profile(
                sequences,
                (layer, tap, members, sumSquares, sum) -> {
                    int channels = tap.channels(shape);
                    int offset = layer * width;
                    for (Tap before : Tap.values()) {
                        offset += before.compareTo(tap) < 0 ? 2 * before.channels(shape) : 0;
                    }
                    for (int row = 0; row < members.length; row++) {
                        float[] sums = all.get(members[row]);
                        for (int channel = 0; channel < channels; channel++) {
                            sums[offset + channel] += sumSquares[row * channels + channel];
                            sums[offset + channels + channel] += sum[row * channels + channel];
                        }
                    }
                },
                Progress.NONE);
        return all;
    }

    private static double[] toDoubles(float[] values) {
        double[] result = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            result[i] = values[i];
        }
        return result;
    }

    private static float[] row(float[] matrix, int row, int columns) {
        return Arrays.copyOfRange(matrix, row * columns, (row + 1) * columns);
    }

    /** Close relative to the largest value of the array: single sums may cancel to nearly nothing. */
    private static void assertClose(float[] actual, double[] expected, double relative) {
        assertThat(actual).hasSameSizeAs(expected);
        double scale = 0;
        for (double value : expected) {
            scale = Math.max(scale, Math.abs(value));
        }
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) actual[i]).as("element %d", i).isCloseTo(expected[i], within(relative * scale));
        }
    }
}
