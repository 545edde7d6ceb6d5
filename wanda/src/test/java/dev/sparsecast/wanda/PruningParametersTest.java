package dev.sparsecast.wanda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PruningParametersTest {
    @ParameterizedTest
    @ValueSource(strings = {"unstructured", "2:4", "4:8", "1:2", "3:16", "15:16"})
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
                .hasMessage("unknown pruning method 'sparsegpt': the known ones are wanda, magnitude");
    }
}
