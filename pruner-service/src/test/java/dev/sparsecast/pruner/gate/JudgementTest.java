package dev.sparsecast.pruner.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.pruner.specification.SubModelSpecification.Gate;
import dev.sparsecast.schemas.SubModelRelease.LossDifference;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Limits of 1.5 times the dense perplexity and 1.05 times that of the release in use. */
class JudgementTest {
    private static final Gate GATE = new Gate(64, 8, 1.5, 1.05, 0.95, Duration.ofHours(1));
    private static final double DENSE = 10;

    /** Ratios of the candidate's perplexity to others', with the ends of their intervals. */
    private static Quality quality(double dense, double denseHalf, double current, double currentHalf) {
        double candidate = DENSE * dense;
        return new Quality(
                20,
                1000,
                DENSE,
                candidate,
                OptionalDouble.of(candidate / current),
                Optional.of(difference(dense, denseHalf)),
                Optional.of(difference(current, currentHalf)));
    }

    private static LossDifference difference(double ratio, double half) {
        return new LossDifference(Math.log(ratio), Math.log(ratio - half), Math.log(ratio + half), 0.95);
    }

    @ParameterizedTest
    @CsvSource({
        // both intervals within the limits
        "1.30, 0.10, 1.00, 0.04, true, Promoted",
        // one surely beyond
        "1.80, 0.10, 1.00, 0.04, true, Rejected",
        "1.30, 0.10, 1.20, 0.04, true, Rejected",
        // one not told, the other one surely beyond all the same
        "1.45, 0.20, 1.20, 0.04, true, Rejected",
        "1.80, 0.10, 1.04, 0.04, true, Rejected",
        // not told
        "1.45, 0.20, 1.00, 0.04, true, Held",
        "1.30, 0.10, 1.04, 0.04, true, Held",
        "1.30, 0.10, 1.06, 0.04, true, Held",
        // and no more to come: the average decides
        "1.45, 0.20, 1.00, 0.04, false, Promoted",
        "1.30, 0.10, 1.04, 0.04, false, Promoted",
        "1.30, 0.10, 1.06, 0.04, false, Rejected",
        "1.55, 0.20, 1.00, 0.04, false, Rejected",
    })
    void promotesRejectsOrHolds(
            double dense, double denseHalf, double current, double currentHalf, boolean mayHold, String verdict) {
        Quality quality = quality(dense, denseHalf, current, currentHalf);
        assertThat(Judgement.of(GATE, quality, true, mayHold).getClass().getSimpleName())
                .isEqualTo(verdict);
    }

    @Test
    void aReleaseInUseThatWasPrunedOtherwiseIsNoLimit() {
        assertThat(Judgement.of(GATE, quality(1.3, 0.1, 1.2, 0.04), false, true))
                .isInstanceOf(GateVerdict.Promoted.class);
    }

    @Test
    void saysWhatWasMeasuredAndHowSureItIs() {
        assertThat(Judgement.of(GATE, quality(1.3, 0.1, 1.2, 0.04), true, true))
                .isEqualTo(new GateVerdict.Rejected(
                        quality(1.3, 0.1, 1.2, 0.04),
                        "perplexity 13.000 against 10.833 of the release in use (ratio 1.2000, 95 % interval 1.1600 to"
                                + " 1.2400), at most 1.050 times allowed"));
    }

    @Test
    void whatIsNoNumberIsRejected() {
        Quality quality = new Quality(
                20,
                1000,
                DENSE,
                Double.NaN,
                OptionalDouble.empty(),
                Optional.of(new LossDifference(Double.NaN, Double.NaN, Double.NaN, 0.95)),
                Optional.empty());
        assertThat(Judgement.of(GATE, quality, true, true)).isInstanceOf(GateVerdict.Rejected.class);
    }
}
