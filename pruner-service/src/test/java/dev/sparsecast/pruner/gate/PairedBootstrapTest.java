package dev.sparsecast.pruner.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sparsecast.schemas.SubModelRelease.LossDifference;
import dev.sparsecast.worker.model.Evaluation;
import dev.sparsecast.worker.model.SequenceLoss;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PairedBootstrapTest {
    private static final double TRUE_DIFFERENCE = 0.03;

    private record Pair(Evaluation candidate, Evaluation other) {}

    /** Prompts of very different hardness and length, of which the candidate is worse by the same on average. */
    private static Pair losses(Random random, int prompts) {
        List<SequenceLoss> candidate = new ArrayList<>();
        List<SequenceLoss> other = new ArrayList<>();
        for (int i = 0; i < prompts; i++) {
            int tokens = 50 + random.nextInt(200);
            double hardness = 2 + random.nextGaussian();
            double difference = TRUE_DIFFERENCE + 0.08 * random.nextGaussian();
            candidate.add(new SequenceLoss(tokens * (hardness + difference), tokens));
            other.add(new SequenceLoss(tokens * hardness, tokens));
        }
        return new Pair(new Evaluation(candidate), new Evaluation(other));
    }

    @Test
    void theMeanIsThatOfTheTokensAndTheIntervalIsAroundIt() {
        Pair pair = losses(new Random(1), 40);
        LossDifference difference = PairedBootstrap.difference(pair.candidate(), pair.other(), 0.95);
        assertThat(Math.exp(difference.mean()))
                .isCloseTo(pair.candidate().perplexity() / pair.other().perplexity(), within(1e-12));
        assertThat(difference.low()).isLessThan(difference.mean());
        assertThat(difference.high()).isGreaterThan(difference.mean());
        assertThat(difference.confidence()).isEqualTo(0.95);
        assertThat(PairedBootstrap.difference(pair.candidate(), pair.other(), 0.95))
                .isEqualTo(difference);
    }

    /** Of 400 intervals at 90 %, 360 are expected to hold the true difference; percentile intervals hold a little fewer. */
    @Test
    void intervalsHoldTheTrueDifferenceAboutAsOftenAsTheySay() {
        Random random = new Random(2);
        int held = 0;
        for (int i = 0; i < 400; i++) {
            Pair pair = losses(random, 32);
            LossDifference difference = PairedBootstrap.difference(pair.candidate(), pair.other(), 0.9);
            held += difference.low() <= TRUE_DIFFERENCE && TRUE_DIFFERENCE <= difference.high() ? 1 : 0;
        }
        assertThat(held).isBetween(336, 376);
    }

    /** Unpaired, the hardness of the prompts alone would make it {@code 2 · 1.96 · sqrt(2 / 40) ≈ 0.9} wide. */
    @Test
    void pairingRemovesHowHardThePromptsAre() {
        Pair pair = losses(new Random(3), 40);
        LossDifference difference = PairedBootstrap.difference(pair.candidate(), pair.other(), 0.95);
        assertThat(difference.high() - difference.low()).isLessThan(0.07);
    }

    @Test
    void equalLossesHaveNoDifference() {
        Evaluation one = losses(new Random(4), 5).candidate();
        assertThat(PairedBootstrap.difference(one, one, 0.95)).isEqualTo(new LossDifference(0, 0, 0, 0.95));
    }

    @Test
    void lossesOfOtherSequencesAreRefused() {
        Evaluation one = losses(new Random(5), 5).candidate();
        Evaluation other = losses(new Random(6), 5).candidate();
        assertThatThrownBy(() -> PairedBootstrap.difference(one, other, 0.95))
                .hasMessageContaining("different sequences");
    }
}
