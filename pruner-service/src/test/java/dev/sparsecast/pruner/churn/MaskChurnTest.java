package dev.sparsecast.pruner.churn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.pruner.TinyCoder;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.mask.MaskComparison;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.pruning.Pruner;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MaskChurnTest {
    private static final int DRAWS = 80;

    private static Checkpoint base;
    private static Calibration release;
    private static Calibration now;

    @BeforeAll
    static void openModel() {
        base = TinyCoder.open();
        release = calibration(1, 0);
        now = calibration(1, 0.3);
    }

    @AfterAll
    static void closeModel() {
        base.close();
    }

    @ParameterizedTest
    @CsvSource({"unstructured, 0.5", "unstructured, 0.7", "2:4, 0.5", "4:8, 0.5"})
    void estimatesScatterAroundTheFullComputationAsTheirStandardErrorSays(String pattern, double sparsity) {
        PruningParameters parameters = wanda(pattern, sparsity);
        double truth = full(parameters);
        MaskChurn churn = new MaskChurn(base, 8);
        double sum = 0;
        double squares = 0;
        double variances = 0;
        for (int draw = 0; draw < DRAWS; draw++) {
            ChurnEstimate estimate = churn.estimate(parameters, release, now, draw);
            sum += estimate.share() - truth;
            squares += Math.pow(estimate.share() - truth, 2);
            variances += Math.pow(estimate.standardError(), 2);
        }
        double standardError = Math.sqrt(variances / DRAWS);
        assertThat(truth).isPositive();
        assertThat(sum / DRAWS).as("bias").isCloseTo(0, within(4 * standardError / Math.sqrt(DRAWS)));
        assertThat(Math.sqrt(squares / DRAWS) / standardError)
                .as("scatter by standard error")
                .isCloseTo(1, within(0.3));
    }

    @Test
    void withAllRowsItIsTheFullComputationWithoutError() {
        PruningParameters parameters = wanda("unstructured", 0.5);

        ChurnEstimate estimate = new MaskChurn(base, 100_000).estimate(parameters, release, now, 1);

        assertThat(estimate.share()).isCloseTo(full(parameters), within(1e-12));
        assertThat(estimate.standardError()).isZero();
        assertThat(estimate.sampledWeights()).isEqualTo(estimate.weights());
    }

    @Test
    void budgetsOfTheReleaseAreKept() {
        PruningParameters owl =
                PruningParameters.parse("wanda", "unstructured", OptionalDouble.of(0.6), Optional.of("owl"));
        PruningParameters resolved =
                new Pruner().prune(base, List.of(release), owl, 1).getFirst().parameters();

        ChurnEstimate estimate = new MaskChurn(base, 100_000).estimate(resolved, release, now, 1);

        assertThat(estimate.share()).isCloseTo(full(resolved), within(1e-12));
    }

    @Test
    void theSameStatisticsChangeNothingAndMagnitudesHaveNoneToChange() {
        MaskChurn churn = new MaskChurn(base, 8);

        assertThat(churn.estimate(wanda("unstructured", 0.5), release, release, 1)
                        .share())
                .isZero();
        assertThat(churn.estimate(parameters("magnitude", "unstructured", 0.5), release, now, 1)
                        .share())
                .isZero();
    }

    @Test
    void methodsThatLookBeyondARowAreRefused() {
        PruningParameters ria = parameters("ria", "unstructured", 0.5);

        assertThat(MaskChurn.isDefinedFor(ria)).isFalse();
        assertThatThrownBy(() -> new MaskChurn(base, 8).estimate(ria, release, now, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("ria");
        assertThatThrownBy(() -> new MaskChurn(base, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at least 2");
    }

    private static double full(PruningParameters parameters) {
        List<SubModelMask> masks = new Pruner().prune(base, List.of(release, now), parameters, 1);
        return MaskComparison.of(masks.get(0), masks.get(1)).total().differingShare();
    }

    private static PruningParameters wanda(String pattern, double sparsity) {
        return parameters("wanda", pattern, sparsity);
    }

    private static PruningParameters parameters(String method, String pattern, double sparsity) {
        return PruningParameters.parse(method, pattern, OptionalDouble.of(sparsity));
    }

    /** Made-up norms, the same for the same seed, each off by a random factor with that spread. */
    private static Calibration calibration(long seed, double spread) {
        SplittableRandom random = new SplittableRandom(seed);
        SplittableRandom change = new SplittableRandom(seed + 1);
        List<Map<Tap, float[]>> layers = new ArrayList<>();
        for (int layer = 0; layer < base.config().layers(); layer++) {
            Map<Tap, float[]> taps = new EnumMap<>(Tap.class);
            for (Tap tap : Tap.values()) {
                float[] norms = new float[tap.channels(base.config())];
                for (int channel = 0; channel < norms.length; channel++) {
                    norms[channel] = (float) Math.exp(random.nextGaussian() + spread * change.nextGaussian());
                }
                taps.put(tap, norms);
            }
            layers.add(taps);
        }
        return Calibration.ofNorms(layers, base.digest());
    }
}
