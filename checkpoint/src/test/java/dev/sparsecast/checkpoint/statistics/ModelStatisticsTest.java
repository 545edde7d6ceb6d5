package dev.sparsecast.checkpoint.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.checkpoint.CheckpointException;
import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tap;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ModelStatisticsTest {
    private static final Map<Tap, Integer> CHANNELS =
            new EnumMap<>(Map.of(Tap.ATTENTION_INPUT, 3, Tap.ATTENTION_OUTPUT, 2, Tap.MLP_INPUT, 3, Tap.MLP_HIDDEN, 5));

    private final ModelStatistics one = RandomStatistics.of(new SplittableRandom(1), 2, CHANNELS);
    private final ModelStatistics two = RandomStatistics.of(new SplittableRandom(2), 2, CHANNELS);

    @Test
    void aMixtureIsTheWeightedSum() {
        ModelStatistics mixed = ModelStatistics.mix(List.of(one, two), new double[] {0.5, 3});

        assertThat(mixed.tokens()).isEqualTo(0.5 * one.tokens() + 3 * two.tokens());
        assertThat(mixed.prompts()).isEqualTo(0.5 * one.prompts() + 3 * two.prompts());
        assertThat(mixed.layers()).hasSize(2);
        for (int layer = 0; layer < 2; layer++) {
            for (Tap tap : Tap.values()) {
                for (int channel = 0; channel < CHANNELS.get(tap); channel++) {
                    assertThat(mixed.sums(layer, tap).sumSquares()[channel])
                            .isEqualTo(0.5 * one.sums(layer, tap).sumSquares()[channel]
                                    + 3 * two.sums(layer, tap).sumSquares()[channel]);
                    assertThat(mixed.sums(layer, tap).sum()[channel])
                            .isEqualTo(0.5 * one.sums(layer, tap).sum()[channel]
                                    + 3 * two.sums(layer, tap).sum()[channel]);
                }
            }
        }
    }

    @Test
    void aSumHasEveryPartOnce() {
        assertThat(ModelStatistics.sum(List.of(one, two, one)))
                .usingRecursiveComparison()
                .isEqualTo(ModelStatistics.mix(List.of(one, two, one), new double[] {1, 1, 1}));
    }

    @Test
    void knowsWhetherItCanBeOfAModel() {
        ModelConfig config = ModelConfig.llama(3, 5, 2, 1, 1, 2, 10, 10, 1e-5, 1e4, true);
        named("java", "code", Optional.of("sha256:1")).checkModel(config, "sha256:1");
        named("java", "code", Optional.empty()).checkModel(config, "sha256:1");

        assertForeign(named("java", "code", Optional.of("sha256:2")), config, "taken from model sha256:2");
        assertForeign(one, ModelConfig.llama(3, 5, 3, 1, 1, 2, 10, 10, 1e-5, 1e4, true), "2 layers");
        assertForeign(one, ModelConfig.llama(3, 6, 2, 1, 1, 2, 10, 10, 1e-5, 1e4, true), "5 channels (layer 0");
    }

    private static void assertForeign(ModelStatistics statistics, ModelConfig config, String complaint) {
        String digest = statistics.modelDigest().filter("sha256:2"::equals).isPresent()
                ? "sha256:1"
                : statistics.modelDigest().orElse("sha256:1");
        assertThatThrownBy(() -> statistics.checkModel(config, digest))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(complaint);
    }

    @Test
    void aMixtureOfOneIsTheSame() {
        assertThat(ModelStatistics.mix(List.of(one), new double[] {1}))
                .usingRecursiveComparison()
                .isEqualTo(one);
    }

    @Test
    void namesThatAllShareAreKept() {
        ModelStatistics java = named("java", "code", Optional.empty());
        ModelStatistics python = named("python", "code", Optional.of("sha256:1"));

        ModelStatistics mixed = ModelStatistics.mix(List.of(java, python), new double[] {1, 1});

        assertThat(mixed.language()).isEqualTo("mixed");
        assertThat(mixed.domain()).isEqualTo("code");
        assertThat(mixed.modelDigest()).contains("sha256:1");
    }

    @Test
    void statisticsOfDifferentModelsDoNotMix() {
        ModelStatistics a = named("python", "code", Optional.of("sha256:1"));
        ModelStatistics b = named("python", "code", Optional.of("sha256:2"));
        ModelStatistics deeper = RandomStatistics.of(new SplittableRandom(1), 3, CHANNELS);
        Map<Tap, Integer> wide = new EnumMap<>(CHANNELS);
        wide.put(Tap.MLP_HIDDEN, 6);
        ModelStatistics wider = RandomStatistics.of(new SplittableRandom(1), 2, wide);

        assertRefused(a, b, "different models cannot be mixed: sha256:1 and sha256:2");
        assertRefused(one, deeper, "of 2 and of 3 layers");
        assertRefused(deeper, one, "of 3 and of 2 layers");
        assertRefused(one, wider, "of 5 and of 6 channels (layer 0, mlp_hidden)");
    }

    @Test
    void refusesWeightsThatMakeNoMixture() {
        for (double[] weights :
                new double[][] {{1}, {1, 1, 1}, {0, 0}, {1, -1}, {1, Double.NaN}, {1, Double.POSITIVE_INFINITY}}) {
            assertThatThrownBy(() -> ModelStatistics.mix(List.of(one, one), weights))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> ModelStatistics.mix(List.of(), new double[0]))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void meanSquaresDivideByTheTokens() {
        TapSums sums = new TapSums(new double[] {8, 2}, new double[] {0, 1});

        assertThat(sums.meanSquares(4)).containsExactly(2, 0.5);
        assertThat(sums.channels()).isEqualTo(2);
        assertThatThrownBy(() -> new TapSums(new double[1], new double[2]))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private ModelStatistics named(String language, String domain, Optional<String> digest) {
        return new ModelStatistics(5, 1, language, domain, digest, one.layers());
    }

    private static void assertRefused(ModelStatistics first, ModelStatistics second, String complaint) {
        assertThatThrownBy(() -> ModelStatistics.mix(List.of(first, second), new double[] {1, 1}))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(complaint);
    }
}
