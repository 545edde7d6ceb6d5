package dev.sparsecast.pruner.release;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.PrunableModule;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.pruner.TinyCoder;
import dev.sparsecast.pruner.snapshot.Calibrations;
import dev.sparsecast.pruner.snapshot.GroupSnapshot;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.mask.MaskComparison;
import dev.sparsecast.wanda.mask.SubModelMask;
import dev.sparsecast.wanda.pruning.Pruner;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far a flood that has a share {@code s} of a group's tokens moves Wanda's mask (docs/releases.md derives the bound).
 * With mean squares {@code q} of the others' channels and at most {@code R·q} of the flood's, scores rise by factors between
 * 1 and {@code f = sqrt(1 + s·R/(1 − s))}, up to a common one that does not matter. So only weights whose score is within a
 * factor {@code f} of their row's threshold can change sides.
 */
class SourceFloodTest {
    private static final Logger log = LoggerFactory.getLogger(SourceFloodTest.class);
    private static final double SPARSITY = 0.5;

    private static Checkpoint base;
    private static GroupSnapshot others;
    private static GroupSnapshot flood;
    private static SubModelMask undisturbed;

    @BeforeAll
    static void profile() {
        base = TinyCoder.open();
        others = TinyCoder.snapshot(base, TinyCoder.counted(TinyCoder.prompts("python")), 1);
        // A single client that sends the same two prompts in other languages all day long.
        flood = TinyCoder.snapshot(
                base,
                List.of(
                        TinyCoder.prompts("java").getFirst(),
                        TinyCoder.prompts("java").getLast()),
                1);
        undisturbed = mask(0);
    }

    @AfterAll
    static void close() {
        base.close();
    }

    /** @param share of all tokens that the flood has */
    private static ModelStatistics mixed(double share) {
        double weight = share
                / (1 - share)
                * others.content().decayedTokens()
                / flood.content().decayedTokens();
        return share == 0
                ? Calibrations.mix(List.of(others), new double[] {1}, base.digest())
                : Calibrations.mix(List.of(others, flood), new double[] {1, weight}, base.digest());
    }

    private static SubModelMask mask(double share) {
        return new Pruner()
                .prune(
                        base,
                        List.of(Calibration.of(mixed(share), base.config(), base.digest())),
                        PruningParameters.parse("wanda", "unstructured", OptionalDouble.of(SPARSITY)),
                        1)
                .getFirst();
    }

    /** Shares of bits measured with these prompts; the last column is the most that the test lets pass. */
    @ParameterizedTest
    @CsvSource({"0.01, 0.003", "0.05, 0.01", "0.1, 0.02", "0.2, 0.03"})
    void movesTheMaskByNoMoreThanTheBoundAndByLittle(double share, double most) {
        MaskComparison.Difference measured =
                MaskComparison.of(undisturbed, mask(share)).total();
        long bound = bound(share);
        log.info(String.format(
                Locale.ROOT,
                "share %.2f: %.4f %% of the bits differ, at most %.2f %% could",
                share,
                100 * measured.differingShare(),
                100.0 * bound / measured.bits()));
        assertThat(measured.differingBits()).isLessThanOrEqualTo(bound);
        assertThat(measured.differingShare()).isLessThan(most);
    }

    @Test
    void withoutACapAFloodWouldMoveItFarMore() {
        double capped = MaskComparison.of(undisturbed, mask(0.1)).total().differingShare();
        double uncapped = MaskComparison.of(undisturbed, mask(0.95)).total().differingShare();
        log.info(String.format(Locale.ROOT, "capped at 0.10: %.4f %%, at 0.95: %.4f %%", 100 * capped, 100 * uncapped));
        assertThat(uncapped).isGreaterThan(3 * capped);
    }

    /** Bits that can differ, by the scores of the undisturbed statistics and the largest ratio of a channel's mean squares. */
    private static long bound(double share) {
        long bits = 0;
        Calibration calibration = Calibration.of(mixed(0), base.config(), base.digest());
        for (PrunableModule module : PrunableModule.of(base.config())) {
            float[] norms = calibration.norms(module.layer(), module.tap());
            double factor = Math.sqrt(1 + share / (1 - share) * largestRatio(module)) * (1 + 1e-5);
            float[] weights = base.tensor(module.weight()).toFloats();
            for (int row = 0; row < module.rows(); row++) {
                bits += ofRow(weights, row * module.columns(), norms, factor);
            }
        }
        return bits;
    }

    private static double largestRatio(PrunableModule module) {
        double[] ofOthers = sumSquares(others, module);
        double[] ofFlood = sumSquares(flood, module);
        double largest = 0;
        for (int channel = 0; channel < ofOthers.length; channel++) {
            largest = Math.max(
                    largest,
                    ofFlood[channel]
                            / flood.content().decayedTokens()
                            / (ofOthers[channel] / others.content().decayedTokens()));
        }
        return largest;
    }

    private static double[] sumSquares(GroupSnapshot snapshot, PrunableModule module) {
        return snapshot.layers().get(module.layer()).get(module.tap()).sumSquares();
    }

    /** As many change to one side as to the other, so twice the smaller number of those that could. */
    private static long ofRow(float[] weights, int start, float[] norms, double factor) {
        double[] scores = new double[norms.length];
        for (int column = 0; column < norms.length; column++) {
            scores[column] = (double) Math.abs(weights[start + column]) * norms[column];
        }
        double[] sorted = scores.clone();
        Arrays.sort(sorted);
        int pruned = (int) (norms.length * SPARSITY);
        double largestPruned = sorted[pruned - 1];
        double smallestKept = sorted[pruned];
        long mayBeKept = Arrays.stream(sorted, 0, pruned)
                .filter(score -> score >= smallestKept / factor)
                .count();
        long mayBePruned = Arrays.stream(sorted, pruned, sorted.length)
                .filter(score -> score <= largestPruned * factor)
                .count();
        return 2 * Math.min(mayBeKept, mayBePruned);
    }
}
