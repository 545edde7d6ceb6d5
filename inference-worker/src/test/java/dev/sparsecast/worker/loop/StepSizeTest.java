package dev.sparsecast.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StepSizeTest {
    private final StepSize stepSize = new StepSize(1000);

    @Test
    void beginsWithOneBatch() {
        assertThat(stepSize.tokens()).isEqualTo(1000);
    }

    @Test
    void takesSeveralBatchesTogetherWhenTheModelIsFast() {
        stepSize.learn(1000, 0.1);
        assertThat(stepSize.tokens()).isEqualTo(8000);
    }

    @Test
    void takesWhatTenSecondsAllowWhenTheModelIsSlow() {
        stepSize.learn(1000, 5);
        assertThat(stepSize.tokens()).isEqualTo(2000);
    }

    @Test
    void neverTakesLessThanABatch() {
        stepSize.learn(1000, 500);
        assertThat(stepSize.tokens()).isEqualTo(1000);
    }

    @Test
    void learnsNothingFromAStepOfNothing() {
        stepSize.learn(1000, 5);
        stepSize.learn(0, 1);
        assertThat(stepSize.tokens()).isEqualTo(2000);
    }
}
