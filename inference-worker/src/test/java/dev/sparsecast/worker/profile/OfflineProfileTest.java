package dev.sparsecast.worker.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.worker.evaluate.OfflineEvaluation;
import dev.sparsecast.worker.model.ModelOptions;
import dev.sparsecast.worker.model.Progress;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The offline commands' work on the bundled model. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OfflineProfileTest {
    private static final PromptText SHORT = new PromptText("a", "python", "code", "def f(x):\n    return x\n");
    private static final PromptText LONG = new PromptText("b", "java", "code", "int i = 0;\n".repeat(200));
    private static final PromptText EMPTY = new PromptText("c", "java", "code", "");

    private Checkpoint checkpoint;

    @BeforeAll
    void open() {
        checkpoint = Checkpoint.open(Path.of("..", "demo", "models", "tiny-coder"));
    }

    @AfterAll
    void close() {
        checkpoint.close();
    }

    @Test
    void cutsToTheGivenLengthAndLeavesOutWhatIsEmpty() {
        OfflineProfile profile = profile(List.of(SHORT, LONG, EMPTY), 20);
        int shortTokens = Math.min(20, checkpoint.tokenizer().encode(SHORT.text()).length);
        assertThat(profile.tokens()).isEqualTo(20 + shortTokens);
        assertThat(profile.prompts()).isEqualTo(2);
        assertThat(profile.emptyPrompts()).isEqualTo(1);
        assertThat(profile.statistics().tokens()).isEqualTo(profile.tokens());
        assertThat(profile.statistics().prompts()).isEqualTo(2);
        assertThat(profile.statistics().modelDigest()).contains(checkpoint.digest());
    }

    @Test
    void neverRunsMoreThanTheModelsPositions() {
        assertThat(profile(List.of(LONG), Integer.MAX_VALUE).tokens())
                .isEqualTo(checkpoint.config().maxPositions());
    }

    @Test
    void namesTheGroupIfAllPromptsShareIt() {
        assertThat(profile(List.of(LONG, LONG), 9).statistics().language()).isEqualTo("java");
        assertThat(profile(List.of(LONG, SHORT), 9).statistics().language()).isEqualTo("mixed");
        assertThat(profile(List.of(LONG, SHORT), 9).statistics().domain()).isEqualTo("code");
    }

    /** Batches differ, so float32 sums inside them are rounded otherwise; the sums across are float64. */
    @Test
    void partsAddedAreWhatOneRunOverAllGives() {
        ModelStatistics whole = profile(List.of(SHORT, LONG), 100).statistics();
        ModelStatistics sum = ModelStatistics.sum(List.of(
                profile(List.of(SHORT), 100).statistics(),
                profile(List.of(LONG), 100).statistics()));

        assertThat(sum.tokens()).isEqualTo(whole.tokens());
        assertThat(sum.prompts()).isEqualTo(whole.prompts());
        assertThat(sum.language()).isEqualTo(whole.language());
        assertThat(sum.modelDigest()).isEqualTo(whole.modelDigest());
        for (int layer = 0; layer < whole.layers().size(); layer++) {
            for (Tap tap : Tap.values()) {
                for (int channel = 0; channel < whole.sums(layer, tap).channels(); channel++) {
                    double expected = whole.sums(layer, tap).sumSquares()[channel];
                    assertThat(sum.sums(layer, tap).sumSquares()[channel]).isCloseTo(expected, within(1e-5 * expected));
                }
            }
        }
    }

    @Test
    void refusesAFileOfNothing() {
        assertThatThrownBy(() -> profile(List.of(EMPTY), 9))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("no prompts with any text");
        assertThatThrownBy(() -> evaluate(List.of(SHORT), 1)).hasMessageContaining("nothing to predict");
        assertThatThrownBy(() -> profile(List.of(SHORT), 0)).hasMessageContaining("cut to 0 tokens");
    }

    @Test
    void evaluatesOverAllPredictedTokens() {
        OfflineEvaluation one = evaluate(List.of(SHORT), 256);
        OfflineEvaluation two = evaluate(List.of(LONG), 256);
        OfflineEvaluation both = evaluate(List.of(SHORT, LONG), 256);
        assertThat(both.tokens()).isEqualTo(one.tokens() + two.tokens());
        double mean =
                (one.tokens() * Math.log(one.perplexity()) + two.tokens() * Math.log(two.perplexity())) / both.tokens();
        assertThat(both.perplexity()).isCloseTo(Math.exp(mean), within(1e-4));
        assertThat(two.perplexity()).as("a line repeated is easy").isLessThan(one.perplexity());
    }

    private OfflineProfile profile(List<PromptText> prompts, int maxTokens) {
        return OfflineProfile.run(checkpoint, prompts, maxTokens, ModelOptions.defaults(), Progress.NONE);
    }

    private OfflineEvaluation evaluate(List<PromptText> prompts, int maxTokens) {
        return OfflineEvaluation.run(checkpoint, prompts, maxTokens, ModelOptions.defaults(), Progress.NONE);
    }
}
