package dev.sparsecast.pruner.specification;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sparsecast.pruner.specification.SubModelSpecification.Gate;
import dev.sparsecast.pruner.specification.SubModelSpecification.Group;
import dev.sparsecast.pruner.specification.SubModelSpecification.Refresh;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.wanda.PruningParameters;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpecificationFileTest {
    @TempDir
    Path directory;

    @Test
    void readsTheExampleWhoseFirstSubModelHasTheDefaults() throws IOException {
        try (InputStream example = Objects.requireNonNull(
                getClass().getResourceAsStream("/dev/sparsecast/pruner/submodels-example.yaml"))) {
            assertThat(read(new String(example.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8)))
                    .containsExactly(
                            new SubModelSpecification(
                                    "python",
                                    List.of(new Group("python", "code", 1)),
                                    PruningParameters.parse("wanda", "unstructured", OptionalDouble.of(0.5)),
                                    Refresh.defaults(),
                                    Gate.defaults(),
                                    Set.of(ArtifactKind.RECIPE)),
                            new SubModelSpecification(
                                    "backend",
                                    List.of(new Group("python", "code", 1), new Group("java", "code", 2)),
                                    PruningParameters.parse("wanda", "2:4", OptionalDouble.empty()),
                                    new Refresh(
                                            1_000_000,
                                            1_000,
                                            0,
                                            1_000_000,
                                            true,
                                            OptionalDouble.empty(),
                                            Optional.of(Duration.ofDays(7)),
                                            Duration.ofMinutes(10)),
                                    Gate.defaults(),
                                    Set.of(ArtifactKind.RECIPE, ArtifactKind.CHECKPOINT)));
        }
    }

    @Test
    void takesDefaultsForWhatIsNotSaid() throws IOException {
        assertThat(read("""
                        submodels:
                          - name: python
                            groups: [{language: python, domain: code}]
                            sparsity: 0.5
                        """)).singleElement().satisfies(submodel -> {
            assertThat(submodel.refresh()).isEqualTo(Refresh.defaults());
            assertThat(submodel.gate()).isEqualTo(Gate.defaults());
            assertThat(submodel.artifacts()).containsExactly(ArtifactKind.RECIPE);
        });
    }

    @Test
    void reportsEverythingThatIsWrongAtOnceEachByItsPath() {
        List<String> problems = problems("""
                colour: blue
                submodels:
                  - name: Python!
                    groups:
                      - {language: python, domain: code, weight: -1}
                      - {language: python, domain: code}
                      - {language: java}
                      - perl
                    method: guesswork
                    pattern: 4:2
                    refresh:
                      minimum_tokens: 0
                      minimum_prompts: 1.5
                      minimum_sources: many
                      on_drift: sometimes
                      on_churn: 2
                      schedule: fortnightly
                      minimum_interval: -5m
                    gate:
                      held_out_prompts: 4
                      minimum_held_out_prompts: 5
                      largest_ratio_to_dense: high
                      largest_ratio_to_current: 0
                      confidence: 95
                      longest_hold: -1h
                    artifacts: [recipe, zip]
                    canary_share: 0
                    model: 7
                  - name: java
                    groups: []
                    sparsity: 1
                    speed: 3
                  - name: java
                    groups: [{language: java, domain: code}]
                    sparsity: half
                """);
        assertThat(problems.stream().map(problem -> problem.substring(0, problem.indexOf(": "))))
                .containsExactlyInAnyOrder(
                        "colour",
                        "submodels[0].name",
                        "submodels[0].groups[0].weight",
                        "submodels[0].groups[1].domain",
                        "submodels[0].groups[2].domain",
                        "submodels[0].groups[3]",
                        "submodels[0].groups[3].language",
                        "submodels[0].groups[3].domain",
                        "submodels[0].method",
                        "submodels[0].pattern",
                        "submodels[0].refresh.minimum_tokens",
                        "submodels[0].refresh.minimum_prompts",
                        "submodels[0].refresh.minimum_sources",
                        "submodels[0].refresh.on_drift",
                        "submodels[0].refresh.on_churn",
                        "submodels[0].refresh.schedule",
                        "submodels[0].refresh.minimum_interval",
                        "submodels[0].gate.minimum_held_out_prompts",
                        "submodels[0].gate.largest_ratio_to_dense",
                        "submodels[0].gate.largest_ratio_to_current",
                        "submodels[0].gate.confidence",
                        "submodels[0].gate.longest_hold",
                        "submodels[0].artifacts",
                        "submodels[0].canary_share",
                        "submodels[0].model",
                        "submodels[1].groups",
                        "submodels[1].sparsity",
                        "submodels[1].speed",
                        "submodels[2].name",
                        "submodels[2].sparsity");
    }

    @ParameterizedTest
    @CsvSource({
        "ria,whole-matrix,owl:3:0.1,ria whole-matrix 0.5 owl:3:0.1",
        "owl,unstructured,owl,wanda unstructured 0.5 owl:5:0.08",
        "magnitude,unstructured,uniform,magnitude unstructured 0.5 uniform"
    })
    void readsEveryWayOfPruning(String method, String pattern, String budget, String expected) throws IOException {
        assertThat(read(pruning(method, pattern, budget))
                        .getFirst()
                        .parameters()
                        .label())
                .isEqualTo(expected);
    }

    @Test
    void refusesWaysOfPruningThatAreNone() {
        assertThat(problems(pruning("flap", "unstructured", "none")))
                .hasSize(2)
                .satisfiesExactly(
                        problem -> assertThat(problem).startsWith("submodels[0].method: "),
                        problem -> assertThat(problem).startsWith("submodels[0].budget: "));
        assertThat(problems(pruning("ria", "2:4", "owl")))
                .singleElement()
                .asString()
                .contains("budget uniform");
    }

    @Test
    void readsWhatIsNotSaidInTheExample() throws IOException {
        assertThat(read("""
                        submodels:
                          - name: python
                            model: tiny-coder
                            groups: [{language: python, domain: code}]
                            sparsity: 0.5
                            refresh: {on_churn: 0.02}
                            gate: {confidence: 0.9, longest_hold: 2h}
                            artifacts: [delta, mask]
                            canary_share: 0.1
                          - name: python
                            model: other
                            groups: [{language: python, domain: code}]
                            sparsity: 0.5
                        """)).first().satisfies(submodel -> {
            assertThat(submodel.refresh().onChurn()).hasValue(0.02);
            assertThat(submodel.gate().confidence()).isEqualTo(0.9);
            assertThat(submodel.gate().longestHold()).isEqualTo(Duration.ofHours(2));
            assertThat(submodel.artifacts())
                    .containsExactlyInAnyOrder(ArtifactKind.RECIPE, ArtifactKind.DELTA, ArtifactKind.MASK);
            assertThat(submodel.canaryShare()).isEqualTo(0.1);
            assertThat(submodel.isOf("tiny-coder@0123456789ab", "sha256:00")).isTrue();
            assertThat(submodel.isOf("tiny-coder-2@0123456789ab", "sha256:00")).isFalse();
        });
    }

    private static String pruning(String method, String pattern, String budget) {
        return """
                submodels:
                  - name: python
                    groups: [{language: python, domain: code}]
                    sparsity: 0.5
                    method: %s
                    pattern: "%s"
                    budget: "%s"
                """.formatted(method, pattern, budget);
    }

    @ParameterizedTest
    @CsvSource({"500ms,PT0.5S", "90s,PT1M30S", "10m,PT10M", "12h,PT12H", "7d,P7D", "PT1H,PT1H"})
    void readsDurations(String written, Duration expected) throws IOException {
        assertThat(read(withRefresh("schedule: " + written))
                        .getFirst()
                        .refresh()
                        .schedule())
                .contains(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"schedule: 0s", "schedule: 5", "schedule: ''", "schedule: ", "schedule: 9999999999999999999d"})
    void refusesDurationsThatAreNone(String line) {
        assertThat(problems(withRefresh(line)))
                .singleElement()
                .asString()
                .startsWith("submodels[0].refresh.schedule: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "submodels:", "submodels: []", "submodels: {}", "[]", "just words", "submodel: [{}]"})
    void refusesAFileWithoutSubModels(String yaml) {
        assertThat(problems(yaml)).isNotEmpty();
    }

    @Test
    void refusesAKeyThatIsThereTwice() {
        assertThatThrownBy(() -> read("submodels: []\nsubmodels: []\n"))
                .isInstanceOf(SpecificationException.class)
                .hasMessageContaining("Duplicate");
    }

    @Test
    void saysInWhichLineAFileIsNoYaml() {
        assertThatThrownBy(() -> read("submodels:\n  - name: [python\n"))
                .isInstanceOf(SpecificationException.class)
                .hasMessageContaining("cannot be read as YAML (line ");
    }

    @Test
    void saysThatThereIsNoFile() {
        assertThatThrownBy(() -> SpecificationFile.read(directory.resolve("nowhere.yaml")))
                .isInstanceOf(SpecificationException.class)
                .hasMessageContaining("nowhere.yaml");
    }

    private static String withRefresh(String line) {
        return """
                submodels:
                  - name: python
                    groups: [{language: python, domain: code}]
                    sparsity: 0.5
                    refresh:
                      %s
                """.formatted(line);
    }

    private List<String> problems(String yaml) {
        SpecificationException exception =
                Objects.requireNonNull(catchThrowableOfType(SpecificationException.class, () -> read(yaml)));
        return exception.problems();
    }

    private List<SubModelSpecification> read(String yaml) throws IOException {
        return SpecificationFile.read(Files.writeString(directory.resolve("submodels.yaml"), yaml));
    }
}
