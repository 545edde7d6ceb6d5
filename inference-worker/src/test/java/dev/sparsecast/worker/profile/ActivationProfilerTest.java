package dev.sparsecast.worker.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.worker.model.LanguageModel;
import dev.sparsecast.worker.model.ModelOptions;
import dev.sparsecast.worker.model.RandomModel;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ActivationProfilerTest {
    private static final PromptGroup PYTHON = new PromptGroup("python", "code");
    private static final PromptGroup MATH = new PromptGroup("en", "math");

    private final ModelConfig shape = RandomModel.smallShape(true);
    private final List<int[]> python = RandomModel.sequences(shape, 9, 50, 1);
    private final List<int[]> math = RandomModel.sequences(shape, 7, 50, 2);
    private LanguageModel model;

    @BeforeAll
    void load() {
        model = LanguageModel.load(
                RandomModel.of(shape, 3), ModelOptions.defaults().withBatchTokens(120));
    }

    @AfterAll
    void close() {
        model.close();
    }

    @Test
    void groupsThatSharedBatchesHaveTheSumsTheyWouldHaveAlone() {
        ActivationProfiler mixed = profiler();
        for (int i = 0; i < python.size(); i++) {
            mixed.add(PYTHON, python.get(i));
            if (i < math.size()) {
                mixed.add(MATH, math.get(i));
            }
        }
        Map<PromptGroup, ModelStatistics> together = mixed.takeStatistics();

        assertThat(together).containsOnlyKeys(PYTHON, MATH);
        assertSame(together.get(PYTHON), alone(PYTHON, python));
        assertSame(together.get(MATH), alone(MATH, math));
    }

    @Test
    void stepsAddUpToTheWhole() {
        ActivationProfiler stepwise = profiler();
        python.forEach(tokens -> stepwise.add(PYTHON, tokens));
        long run = 0;
        while (stepwise.waitingTokens() > 0) {
            long before = stepwise.waitingTokens();
            long step = stepwise.step(60);
            assertThat(step).isBetween(1L, 60L);
            assertThat(stepwise.waitingTokens()).isEqualTo(before - step);
            run += step;
        }
        assertThat(run).isEqualTo(stepwise.tokens()).isEqualTo(tokens(python));
        assertSame(stepwise.takeStatistics().get(PYTHON), alone(PYTHON, python));
    }

    @Test
    void beginsAnewAfterTakingAndAfterDiscarding() {
        ActivationProfiler profiler = profiler();
        math.forEach(tokens -> profiler.add(MATH, tokens));
        assertThat(profiler.takeStatistics()).containsOnlyKeys(MATH);
        math.forEach(tokens -> profiler.add(MATH, tokens));
        profiler.step(80);
        profiler.discard();
        assertThat(profiler.tokens()).isZero();
        assertThat(profiler.waitingTokens()).isZero();
        profiler.add(PYTHON, python.getFirst());
        Map<PromptGroup, ModelStatistics> statistics = profiler.takeStatistics();
        assertThat(statistics).containsOnlyKeys(PYTHON);
        assertSame(statistics.get(PYTHON), alone(PYTHON, python.subList(0, 1)));
        assertThat(profiler.takeStatistics()).isEmpty();
    }

    private ActivationProfiler profiler() {
        return new ActivationProfiler(model, Optional.of("sha256:0"));
    }

    private ModelStatistics alone(PromptGroup group, List<int[]> sequences) {
        ActivationProfiler profiler = profiler();
        sequences.forEach(tokens -> profiler.add(group, tokens));
        ModelStatistics statistics = profiler.takeStatistics().get(group);
        assertThat(statistics.tokens()).isEqualTo(tokens(sequences));
        assertThat(statistics.prompts()).isEqualTo(sequences.size());
        assertThat(statistics.language()).isEqualTo(group.language());
        assertThat(statistics.domain()).isEqualTo(group.domain());
        return statistics;
    }

    private static long tokens(List<int[]> sequences) {
        return sequences.stream().mapToInt(tokens -> tokens.length).sum();
    }

    private void assertSame(ModelStatistics actual, ModelStatistics expected) {
        assertThat(actual.tokens()).isEqualTo(expected.tokens());
        assertThat(actual.prompts()).isEqualTo(expected.prompts());
        for (int layer = 0; layer < shape.layers(); layer++) {
            for (Tap tap : Tap.values()) {
                double[] squares = actual.layers().get(layer).get(tap).sumSquares();
                double[] expectedSquares = expected.layers().get(layer).get(tap).sumSquares();
                double[] sums = actual.layers().get(layer).get(tap).sum();
                double[] expectedSums = expected.layers().get(layer).get(tap).sum();
                for (int i = 0; i < squares.length; i++) {
                    assertThat(squares[i]).isCloseTo(expectedSquares[i], within(1e-5 * expectedSquares[i]));
                    double scale = Math.sqrt(expected.tokens() * expectedSquares[i]);
                    assertThat(sums[i]).isCloseTo(expectedSums[i], within(1e-5 * scale));
                }
            }
        }
    }
}
