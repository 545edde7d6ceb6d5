package dev.sparsecast.wanda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PruningParametersTest {
    @ParameterizedTest
    @ValueSource(strings = {"unstructured", "whole-matrix", "2:4", "4:8", "1:2", "3:16", "15:16"})
    void patternsAreReadAsTheyAreWritten(String label) {
        assertThat(Pattern.parse(label).label()).isEqualTo(label);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "structured", "2:", ":4", "2:4:8", "-1:4", "2/4", "99999:100000"})
    void unknownPatternsAreRefusedWithAnExample(String label) {
        assertThatThrownBy(() -> Pattern.parse(label))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("unknown pattern '" + label + "'")
                .hasMessageContaining("2:4");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0:4", "4:4", "5:4", "8:17", "1:1"})
    void impossiblePatternsAreRefused(String label) {
        assertThatThrownBy(() -> Pattern.parse(label))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("1 <= N < M <= 16");
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 1, 1.5, Double.NaN, Double.POSITIVE_INFINITY})
    void aSparsityOutsideItsRangeIsRefused(double sparsity) {
        assertThatThrownBy(() -> new PruningParameters(Method.WANDA, Pattern.UNSTRUCTURED, sparsity))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("sparsity " + sparsity);
    }

    @ParameterizedTest
    @CsvSource({"2:4,0.5", "1:4,0.75", "3:4,0.25", "1:3,0.6666666666666666"})
    void anNOfMPatternKeepsNOfMAndSoFixesTheSparsity(String pattern, double sparsity) {
        assertThat(PruningParameters.parse("wanda", pattern, OptionalDouble.empty())
                        .sparsity())
                .isEqualTo(sparsity);
        assertThat(PruningParameters.parse("wanda", pattern, OptionalDouble.of(sparsity))
                        .sparsity())
                .isEqualTo(sparsity);
        assertThatThrownBy(() -> PruningParameters.parse("wanda", pattern, OptionalDouble.of(0.6)))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("contradicts pattern " + pattern);
    }

    @Test
    void withoutAPatternTheSparsityMustBeSaid() {
        assertThatThrownBy(() -> PruningParameters.parse("wanda", "unstructured", OptionalDouble.empty()))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("needs a sparsity");
    }

    @Test
    void anUnknownMethodIsRefusedWithTheKnownOnes() {
        assertThatThrownBy(() -> Method.parse("sparsegpt"))
                .isInstanceOf(PruningException.class)
                .hasMessage("unknown pruning method 'sparsegpt': the known ones are wanda, magnitude, ria");
    }

    @ParameterizedTest
    @CsvSource({"uniform,uniform", "owl,owl:5:0.08", "owl:5:0.08,owl:5:0.08", "owl:7.0:1e-3,owl:7:0.001"})
    void budgetsAreReadAndWritten(String text, String label) {
        assertThat(Budget.parse(text).label()).isEqualTo(label);
        assertThat(Budget.parse(label)).isEqualTo(Budget.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "owl:5", "owl:a:b", "owl:0:0.1", "owl:5:0.5", "owl:5:-1", "owl:NaN:0.1", "own:5:0.1"})
    void unknownBudgetsAreRefusedWithAnExample(String text) {
        assertThatThrownBy(() -> Budget.parse(text))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("owl:5:0.08");
    }

    @Test
    void theMethodOwlIsWandaWithOwlBudgets() {
        OptionalDouble half = OptionalDouble.of(0.5);
        PruningParameters owl = PruningParameters.parse("owl", "unstructured", half);
        assertThat(owl.label()).isEqualTo("wanda unstructured 0.5 owl:5:0.08");
        assertThat(PruningParameters.parse("owl", "unstructured", half, Optional.of("owl:3:0.1"))
                        .budget()
                        .label())
                .isEqualTo("owl:3:0.1");
        assertThatThrownBy(() -> PruningParameters.parse("owl", "unstructured", half, Optional.of("uniform")))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("contradicts");
    }

    @Test
    void anNOfMPatternLeavesNoRoomForBudgets() {
        assertThatThrownBy(() -> PruningParameters.parse("owl", "2:4", OptionalDouble.empty()))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("budget owl:5:0.08 cannot be used with it");
    }

    @Test
    void metadataAreReadAsTheyAreWritten() {
        PruningParameters asked =
                PruningParameters.parse("ria", "whole-matrix", OptionalDouble.of(0.6), Optional.of("owl"));
        PruningParameters found = asked.with(new Budget.PerLayer(Budget.Owl.DEFAULT, List.of(0.55, 0.65)));
        PruningParameters plain = PruningParameters.parse("wanda", "unstructured", OptionalDouble.of(0.5));
        for (PruningParameters parameters : List.of(asked, found, plain)) {
            assertThat(PruningParameters.ofMetadata("a file", parameters.metadata()))
                    .isEqualTo(parameters);
        }
        assertThat(found.label()).isEqualTo(asked.label());
        assertThat(plain.metadata()).containsOnlyKeys("method", "pattern", "sparsity");
    }

    @Test
    void sparsitiesOfLayersThatDoNotBelongTogetherAreRefused() {
        PruningParameters asked = PruningParameters.parse("owl", "unstructured", OptionalDouble.of(0.6));
        assertThatThrownBy(() -> asked.with(new Budget.PerLayer(Budget.Owl.DEFAULT, List.of(0.55, 0.6))))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("mean");
        assertThatThrownBy(() -> asked.with(new Budget.PerLayer(Budget.Owl.DEFAULT, List.of(0.2, 1.0))))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("layer 1");
    }
}
