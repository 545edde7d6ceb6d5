package dev.sparsecast.pruner.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.pruner.refresh.Ingredients;
import dev.sparsecast.pruner.refresh.Situation.Rejection;
import dev.sparsecast.pruner.release.Candidate;
import dev.sparsecast.pruner.snapshot.GroupSnapshot;
import dev.sparsecast.pruner.snapshot.TestStatistics;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.pruner.specification.SubModelSpecification.Gate;
import dev.sparsecast.pruner.specification.SubModelSpecification.Group;
import dev.sparsecast.pruner.specification.SubModelSpecification.Refresh;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import dev.sparsecast.wanda.Calibration;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.wanda.mask.SubModelMask;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class DecisionLogTest {
    private static final Instant AT = Instant.parse("2026-11-24T03:00:00.123456Z");
    private static final Quality QUALITY = new Quality(8, 1000, 20, 30, OptionalDouble.of(29));

    @TempDir
    Path directory;

    private static Candidate candidate(String name, int flushes) {
        ModelConfig config = TestStatistics.config(2);
        PruningParameters parameters = PruningParameters.parse("wanda", "unstructured", OptionalDouble.of(0.5));
        GroupSnapshot snapshot =
                TestStatistics.snapshot(config, TestStatistics.PYTHON, TestStatistics.content(config, flushes), AT);
        return new Candidate(
                new SubModelSpecification(
                        name,
                        List.of(new Group("python", "code", 1)),
                        parameters,
                        Refresh.defaults(),
                        Gate.defaults(),
                        Set.of()),
                Trigger.TOKENS,
                List.of(snapshot),
                Calibration.none(config, "sha256:00"),
                SubModelMask.allocate("sha256:00", parameters, config));
    }

    private static Rejection rejection(Candidate candidate) {
        return new Rejection(Ingredients.of(candidate.specification(), candidate.snapshots()), AT);
    }

    private DecisionLog log(String model) {
        return new DecisionLog(directory.resolve("state"), model);
    }

    private Path file() {
        return directory.resolve("state").resolve("decisions.jsonl");
    }

    @Test
    void writesALineWithAllFiguresForEachDecision() throws IOException {
        Candidate candidate = candidate("python", 3);
        log("m@1").promoted(candidate, QUALITY, 4, Map.of("prune", 12L), AT);
        JsonNode line = JsonMapper.shared().readTree(Files.readString(file()));
        assertThat(line.path("decision").asString()).isEqualTo("promoted");
        assertThat(line.path("submodel").asString()).isEqualTo("python");
        assertThat(line.path("version").asInt()).isEqualTo(4);
        assertThat(line.path("trigger").asString()).isEqualTo("tokens");
        assertThat(line.path("mask_digest").asString())
                .isEqualTo(candidate.mask().digest());
        assertThat(line.path("prompts").asInt()).isEqualTo(8);
        assertThat(line.path("dense_perplexity").asDouble()).isEqualTo(20);
        assertThat(line.path("candidate_perplexity").asDouble()).isEqualTo(30);
        assertThat(line.path("current_perplexity").asDouble()).isEqualTo(29);
        assertThat(line.path("milliseconds").path("prune").asInt()).isEqualTo(12);
    }

    @Test
    void remembersTheLastRejectionOfEachSubModelUntilSomethingIsPromoted() {
        DecisionLog log = log("m@1");
        log.rejected(candidate("python", 1), QUALITY, "worse", Map.of(), AT);
        log.rejected(candidate("python", 2), QUALITY, "worse", Map.of(), AT);
        log.rejected(candidate("java", 1), QUALITY, "worse", Map.of(), AT);
        log.promoted(candidate("java", 2), QUALITY, 1, Map.of(), AT);
        log("m@2").rejected(candidate("cpp", 1), QUALITY, "worse", Map.of(), AT);
        assertThat(log("m@1").rejections()).isEqualTo(Map.of("python", rejection(candidate("python", 2))));
    }

    @Test
    void goesOnAfterALineThatWasNotWrittenToItsEnd() throws IOException {
        log("m@1").rejected(candidate("python", 1), QUALITY, "worse", Map.of(), AT);
        Files.writeString(file(), "{\"at\": \"2026", StandardOpenOption.APPEND);
        log("m@1").rejected(candidate("java", 1), QUALITY, "worse", Map.of(), AT);
        assertThat(log("m@1").rejections()).containsOnlyKeys("python", "java");
    }

    @Test
    void saysThatTheStateDirectoryCannotBeUsed() throws IOException {
        Files.writeString(directory.resolve("state"), "a file");
        assertThatThrownBy(() -> log("m@1")).isInstanceOf(PrunerException.class).hasMessageContaining("state");
    }
}
