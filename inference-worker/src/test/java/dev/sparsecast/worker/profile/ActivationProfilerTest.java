package dev.sparsecast.worker.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.checkpoint.statistics.TapSums;
import dev.sparsecast.worker.model.LanguageModel;
import dev.sparsecast.worker.model.ModelOptions;
import dev.sparsecast.worker.model.Progress;
import dev.sparsecast.worker.model.RandomModel;
import java.util.ArrayList;
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
        List<GroupedPrompt> mixed = new ArrayList<>();
        for (int i = 0; i < python.size(); i++) {
            mixed.add(new GroupedPrompt(PYTHON, python.get(i)));
            if (i < math.size()) {
                mixed.add(new GroupedPrompt(MATH, math.get(i)));
            }
        }
        Map<PromptGroup, ModelStatistics> together = statistics(run(mixed));

        assertThat(together).containsOnlyKeys(PYTHON, MATH);
        assertSame(together.get(PYTHON), alone(PYTHON, python));
        assertSame(together.get(MATH), alone(MATH, math));
    }

    @Test
    void runsAddUpToTheWhole() {
        PromptSums sums = new PromptSums(shape);
        for (int start = 0; start < python.size(); start += 2) {
            sums.add(run(prompts(PYTHON, python.subList(start, Math.min(start + 2, python.size())))));
        }
        sums.add(run(prompts(MATH, math)));
        sums.add(run(List.of()));

        assertThat(sums.groups()).containsExactlyInAnyOrder(PYTHON, MATH);
        assertThat(sums.tokens()).isEqualTo(tokens(python) + tokens(math));
        assertSame(statistics(sums).get(PYTHON), alone(PYTHON, python));
        assertSame(statistics(sums).get(MATH), alone(MATH, math));
    }

    @Test
    void knowsHowMuchMemoryAGroupTakes() {
        long doubles = 0;
        for (Map<Tap, TapSums> layer : alone(MATH, math).layers()) {
            for (TapSums sums : layer.values()) {
                doubles += sums.sum().length + sums.sumSquares().length;
            }
        }
        assertThat(PromptSums.bytesOfAGroup(shape)).isEqualTo(doubles * Double.BYTES);
    }

    private PromptSums run(List<GroupedPrompt> prompts) {
        return new ActivationProfiler(model).run(prompts, Progress.NONE);
    }

    private static List<GroupedPrompt> prompts(PromptGroup group, List<int[]> sequences) {
        return sequences.stream()
                .map(tokens -> new GroupedPrompt(group, tokens))
                .toList();
    }

    private static Map<PromptGroup, ModelStatistics> statistics(PromptSums sums) {
        return sums.statistics(Optional.of("sha256:0"));
    }

    private ModelStatistics alone(PromptGroup group, List<int[]> sequences) {
        ModelStatistics statistics = statistics(run(prompts(group, sequences))).get(group);
        assertThat(statistics.tokens()).isEqualTo(tokens(sequences));
        assertThat(statistics.prompts()).isEqualTo(sequences.size());
        assertThat(statistics.language()).isEqualTo(group.language());
        assertThat(statistics.domain()).isEqualTo(group.domain());
        assertThat(statistics.modelDigest()).contains("sha256:0");
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
