package dev.sparsecast.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.checkpoint.Checkpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The README's main job, as a process. */
@Timeout(900)
class DemoIT {
    private static final List<String> KINDS = List.of("python", "java", "cpp", "javascript", "math", "commonsense");

    @TempDir
    Path directory;

    @Test
    void tellsTheWholeStory() throws Exception {
        Path report = directory.resolve("report.json");
        try (SparsecastProcess demo = SparsecastProcess.start(
                directory,
                Map.of(),
                "demo",
                "--exit",
                "--report",
                report.toString(),
                "--state",
                directory.resolve("state").toString())) {
            demo.readRest();
            assertThat(demo.process().waitFor())
                    .as(Files.readString(demo.errors()))
                    .isZero();
        }
        JsonNode story = JsonMapper.shared().readTree(report);

        assertThat(story.get("prompts_produced").asLong()).isEqualTo(420);
        assertThat(story.get("prompts_counted").asLong()
                        + story.get("prompts_held_out").asLong())
                .isEqualTo(420);
        List<String> names = new ArrayList<>();
        for (JsonNode submodel : story.get("submodels")) {
            names.add(submodel.get("name").asString());
            JsonNode first = submodel.get("versions").get(0);
            assertThat(first.get("trigger").asString()).isEqualTo("first");
            assertThat(first.get("sparsity").asDouble()).isEqualTo(0.6);
            assertThat(first.get("recipe_bytes").asLong() * 100)
                    .isLessThan(first.get("model_bytes").asLong());
        }
        assertThat(names).containsExactlyElementsOf(KINDS);
        JsonNode python = story.get("submodels").get(0).get("versions");
        JsonNode refreshed = python.get(python.size() - 1);
        assertThat(refreshed.get("trigger").asString()).isEqualTo("drift");
        try (Checkpoint deployed =
                Checkpoint.open(Path.of(refreshed.get("deployed_to").asString()))) {
            assertThat(deployed.config().layers()).isEqualTo(6);
        }

        // what calibrating on a language does: better on its own than magnitude pruning, and than what is far from it
        JsonNode perplexity = story.get("perplexity_matrix");
        for (String kind : KINDS) {
            double own = perplexity.get(kind).get(kind).asDouble();
            assertThat(own).isLessThan(perplexity.get("magnitude").get(kind).asDouble() * 0.9);
            assertThat(own).isGreaterThan(perplexity.get("dense").get(kind).asDouble());
            for (String other : KINDS) {
                assertThat(own).isLessThan(perplexity.get(other).get(kind).asDouble() * 1.03);
                assertThat(story.get("mask_difference_matrix")
                                .get(kind)
                                .get(other)
                                .asDouble())
                        .isEqualTo(story.get("mask_difference_matrix")
                                .get(other)
                                .get(kind)
                                .asDouble());
            }
        }
    }
}
