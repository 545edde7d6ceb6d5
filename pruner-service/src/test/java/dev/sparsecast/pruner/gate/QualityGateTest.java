package dev.sparsecast.pruner.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.pruner.TinyCoder;
import dev.sparsecast.pruner.snapshot.Calibrations;
import dev.sparsecast.pruner.specification.SubModelSpecification.Gate;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelRelease.LossDifference;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.Progress;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.materialization.CheckpointWriter;
import dev.sparsecast.wanda.pruning.Pruner;
import dev.sparsecast.worker.evaluate.OfflineEvaluation;
import dev.sparsecast.worker.model.Evaluation;
import dev.sparsecast.worker.model.SequenceLoss;
import dev.sparsecast.worker.profile.PromptText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QualityGateTest {
    private static final List<Prompt> PYTHON = TinyCoder.prompts("python");
    private static final List<Prompt> HELD_OUT = TinyCoder.heldOut(PYTHON).subList(0, 6);

    private static Checkpoint base;
    private static QualityGate gate;
    private static SubModelMask half;
    private static SubModelMask ninety;

    @BeforeAll
    static void load() {
        base = TinyCoder.open();
        gate = new QualityGate(base, TinyCoder.OPTIONS);
        Calibration calibration = Calibration.of(
                Calibrations.mix(
                        List.of(TinyCoder.snapshot(
                                base, TinyCoder.counted(PYTHON).subList(0, 16), 1)),
                        new double[] {1},
                        base.digest()),
                base.config(),
                base.digest());
        half = mask(calibration, 0.5);
        ninety = mask(calibration, 0.9);
    }

    private static SubModelMask mask(Calibration calibration, double sparsity) {
        return new Pruner()
                .prune(
                        base,
                        List.of(calibration),
                        PruningParameters.parse("wanda", "unstructured", OptionalDouble.of(sparsity)),
                        2)
                .getFirst();
    }

    @AfterAll
    static void unload() {
        gate.close();
        base.close();
    }

    private static Gate limits(double dense, double current) {
        return new Gate(64, HELD_OUT.size(), dense, current);
    }

    private static double evaluated(Checkpoint model) {
        List<PromptText> texts = HELD_OUT.stream()
                .map(prompt -> new PromptText(prompt.id(), prompt.language(), prompt.domain(), prompt.text()))
                .toList();
        return OfflineEvaluation.run(model, texts, 256, TinyCoder.OPTIONS, dev.sparsecast.worker.model.Progress.NONE)
                .perplexity();
    }

    /** The figures are those of the evaluate command on the base model and on the pruned checkpoint. */
    @Test
    void measuresTheModelsThatUsersGet(@TempDir Path directory) {
        CheckpointWriter.write(base, half, directory.resolve("pruned"), 2, Progress.SILENT);
        assertThat(gate.judge(limits(2, 1), HELD_OUT, half, Optional.empty(), false))
                .isInstanceOfSatisfying(GateVerdict.Promoted.class, promoted -> {
                    Quality quality = promoted.quality();
                    assertThat(quality.prompts()).isEqualTo(HELD_OUT.size());
                    assertThat(quality.dense()).isCloseTo(evaluated(base), within(1e-3));
                    try (Checkpoint pruned = Checkpoint.open(directory.resolve("pruned"))) {
                        assertThat(quality.candidate()).isCloseTo(evaluated(pruned), within(1e-3));
                    }
                    assertThat(quality.candidate()).isGreaterThan(1.05 * quality.dense());
                    assertThat(quality.current()).isEmpty();
                    assertThat(quality.differenceToCurrent()).isEmpty();
                    LossDifference difference = quality.differenceToDense().orElseThrow();
                    assertThat(Math.exp(difference.mean()))
                            .isCloseTo(quality.candidate() / quality.dense(), within(1e-9));
                    assertThat(difference.low()).isPositive().isLessThan(difference.mean());
                    assertThat(difference.high()).isGreaterThan(difference.mean());
                });
    }

    @Test
    void rejectsWhatIsFarFromTheDenseModel() {
        assertThat(gate.judge(limits(2, 1), HELD_OUT, ninety, Optional.empty(), false))
                .isInstanceOfSatisfying(GateVerdict.Rejected.class, rejected -> {
                    assertThat(rejected.quality().candidate())
                            .isGreaterThan(2 * rejected.quality().dense());
                    assertThat(rejected.reason()).contains("dense");
                });
    }

    @Test
    void comparesWithTheReleaseInUseOnTheSamePrompts() {
        GateVerdict same =
                gate.judge(limits(1e6, 1), HELD_OUT, half, Optional.of(new QualityGate.Current(half, true)), false);
        assertThat(same)
                .isInstanceOfSatisfying(
                        GateVerdict.Promoted.class,
                        promoted -> assertThat(promoted.quality().current())
                                .hasValue(promoted.quality().candidate()));
        assertThat(gate.judge(
                        limits(1e6, 1.01), HELD_OUT, ninety, Optional.of(new QualityGate.Current(half, true)), false))
                .isInstanceOfSatisfying(
                        GateVerdict.Rejected.class,
                        rejected -> assertThat(rejected.reason()).contains("release in use"));
        assertThat(gate.judge(
                        limits(1e6, 1.01), HELD_OUT, ninety, Optional.of(new QualityGate.Current(half, false)), false))
                .isInstanceOf(GateVerdict.Promoted.class);
    }

    @Test
    void doesNotDecideOnTooFewPromptsThatPredictAnything() {
        List<Prompt> prompts = new ArrayList<>(HELD_OUT.subList(1, HELD_OUT.size()));
        prompts.add(new Prompt("short", "python", "code", "x", "", Map.of()));
        prompts.add(new Prompt("empty", "python", "code", "", "", Map.of()));
        assertThat(gate.judge(limits(2, 1), prompts, half, Optional.empty(), false))
                .isInstanceOfSatisfying(
                        GateVerdict.Undecided.class,
                        undecided -> assertThat(undecided.reason())
                                .startsWith(HELD_OUT.size() - 1 + " of " + HELD_OUT.size()));
    }

    @ParameterizedTest
    @CsvSource({
        "10, 15, , true, Promoted",
        "10, 15.01, , true, Rejected",
        "10, NaN, , true, Rejected",
        "10, Infinity, , true, Rejected",
        "10, 12, 10, true, Promoted",
        "10, 12.5, 10, true, Rejected",
        "10, 12.5, 10, false, Promoted",
        "10, 15.01, 20, true, Rejected",
        "NaN, 12, 12, true, Rejected",
    })
    void judgesByTheLimits(double dense, double candidate, Double current, boolean isLimit, String verdict) {
        Quality quality = new Quality(
                4, 100, dense, candidate, current == null ? OptionalDouble.empty() : OptionalDouble.of(current));
        assertThat(Judgement.of(new Gate(8, 4, 1.5, 1.2), quality, isLimit, false)
                        .getClass()
                        .getSimpleName())
                .isEqualTo(verdict);
    }

    @Test
    void measuresEachModelOnceOnEachPrompt() {
        List<Integer> measured = new ArrayList<>();
        Function<List<int[]>, Evaluation> measure = sequences -> {
            sequences.forEach(sequence -> measured.add(sequence[0]));
            return new Evaluation(sequences.stream()
                    .map(sequence -> new SequenceLoss(sequence[0], sequence.length))
                    .toList());
        };
        KnownLosses losses = new KnownLosses(4);
        Prompt one = new Prompt("1", "python", "code", "one", "", Map.of());
        Prompt two = new Prompt("2", "python", "code", "two", "", Map.of());
        Prompt otherOne = new Prompt("1", "python", "code", "another text", "", Map.of());
        int[] tokensOfOne = {10, 1};
        int[] tokensOfTwo = {20, 1, 1};
        assertThat(losses.of("dense", List.of(one, two), List.of(tokensOfOne, tokensOfTwo), measure)
                        .sequences())
                .containsExactly(new SequenceLoss(10, 2), new SequenceLoss(20, 3));
        assertThat(losses.of("dense", List.of(two, one), List.of(tokensOfTwo, tokensOfOne), measure)
                        .sequences())
                .containsExactly(new SequenceLoss(20, 3), new SequenceLoss(10, 2));
        assertThat(losses.of("dense", List.of(otherOne), List.of(new int[] {30}), measure)
                        .sequences())
                .containsExactly(new SequenceLoss(30, 1));
        assertThat(losses.of("masked", List.of(one), List.of(new int[] {40}), measure)
                        .sequences())
                .containsExactly(new SequenceLoss(40, 1));
        assertThat(measured).containsExactly(10, 20, 30, 40);
    }
}
