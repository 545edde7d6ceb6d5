package dev.sparsecast.pruner;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.checkpoint.statistics.TapSums;
import dev.sparsecast.pruner.snapshot.GroupSnapshot;
import dev.sparsecast.pruner.snapshot.SnapshotAssembler;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.pruner.specification.SubModelSpecification.Gate;
import dev.sparsecast.pruner.specification.SubModelSpecification.Group;
import dev.sparsecast.pruner.specification.SubModelSpecification.Refresh;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.HeldOut;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.schemas.TapTotals;
import dev.sparsecast.schemas.Totals;
import dev.sparsecast.wanda.PruningParameters;
import dev.sparsecast.worker.model.ModelOptions;
import dev.sparsecast.worker.model.Progress;
import dev.sparsecast.worker.profile.OfflineProfile;
import dev.sparsecast.worker.profile.PromptText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The bundled model, its prompts, and the statistics that a pipeline would make of them. */
public final class TinyCoder {
    public static final ModelOptions OPTIONS = ModelOptions.defaults().withThreads(1);
    private static final Path DEMO = Path.of("..", "demo");

    private TinyCoder() {}

    public static Path directory() {
        return DEMO.resolve("models").resolve("tiny-coder");
    }

    public static Checkpoint open() {
        return Checkpoint.open(directory());
    }

    /** The bundled prompts of a file, in its order. */
    public static List<Prompt> prompts(String file) {
        try {
            List<Prompt> prompts = new ArrayList<>();
            for (String line : Files.readAllLines(DEMO.resolve("prompts").resolve(file + ".jsonl"))) {
                JsonNode json = JsonMapper.shared().readTree(line);
                prompts.add(new Prompt(
                        json.path("id").asString(),
                        json.path("language").asString(),
                        json.path("domain").asString(),
                        json.path("text").asString(),
                        "",
                        Map.of()));
            }
            return prompts;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static List<Prompt> heldOut(List<Prompt> prompts) {
        return prompts.stream().filter(prompt -> HeldOut.contains(prompt.id())).toList();
    }

    public static List<Prompt> counted(List<Prompt> prompts) {
        return prompts.stream().filter(prompt -> !HeldOut.contains(prompt.id())).toList();
    }

    /** What a worker and the streams app make of prompts, in one flush: statistics by layer. */
    public static List<ActivationStatistics> statistics(Checkpoint base, List<Prompt> prompts, int epoch) {
        List<PromptText> texts = prompts.stream()
                .map(prompt -> new PromptText(prompt.id(), prompt.language(), prompt.domain(), prompt.text()))
                .toList();
        ModelStatistics profile =
                OfflineProfile.run(base, texts, 256, OPTIONS, Progress.NONE).statistics();
        List<ActivationStatistics> layers = new ArrayList<>();
        for (Map<Tap, TapSums> taps : profile.layers()) {
            Totals totals = new Totals(
                    profile.tokens(),
                    profile.prompts(),
                    taps.entrySet().stream()
                            .map(tap -> new TapTotals(
                                    tap.getKey().label(),
                                    tap.getValue().sumSquares(),
                                    tap.getValue().sum()))
                            .toList());
            layers.add(new ActivationStatistics(
                    profile.layers().size(),
                    epoch,
                    1000,
                    epoch,
                    FlushDigest.EMPTY.plus("flush-" + epoch),
                    Instant.ofEpochSecond(epoch),
                    1,
                    totals,
                    totals,
                    5000));
        }
        return layers;
    }

    public static GroupKey group(Checkpoint base, String language) {
        return new GroupKey(base.revision(), language, "code");
    }

    public static GroupSnapshot snapshot(Checkpoint base, List<Prompt> prompts, int epoch) {
        SnapshotAssembler assembler = new SnapshotAssembler(base.config(), Clock.systemUTC());
        GroupKey group = group(base, prompts.getFirst().language());
        List<ActivationStatistics> layers = statistics(base, prompts, epoch);
        for (int layer = 0; layer < layers.size(); layer++) {
            assembler.add(group.layer(layer), layers.get(layer));
        }
        return assembler.newest(group).orElseThrow();
    }

    /** A sub-model of one language at once, and again at once after any new token. */
    public static SubModelSpecification specification(
            String language, double sparsity, Gate gate, ArtifactKind... kinds) {
        return specification(
                language, PruningParameters.parse("wanda", "unstructured", OptionalDouble.of(sparsity)), gate, kinds);
    }

    public static SubModelSpecification specification(
            String language, PruningParameters parameters, Gate gate, ArtifactKind... kinds) {
        return new SubModelSpecification(
                language,
                List.of(new Group(language, "code", 1)),
                parameters,
                new Refresh(1, 1, 1, true, Optional.empty(), Duration.ZERO),
                gate,
                Set.of(kinds));
    }
}
