package dev.sparsecast.pruner.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sparsecast.checkpoint.Checkpoint;
import dev.sparsecast.pruner.TinyCoder;
import dev.sparsecast.pruner.release.Candidate;
import dev.sparsecast.pruner.release.ReleaseBuilder;
import dev.sparsecast.pruner.snapshot.GroupSnapshot;
import dev.sparsecast.pruner.specification.SubModelSpecification;
import dev.sparsecast.pruner.specification.SubModelSpecification.Gate;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import dev.sparsecast.schemas.signing.SigningKey;
import dev.sparsecast.store.ArtifactStore;
import dev.sparsecast.store.ArtifactStores;
import dev.sparsecast.wanda.mask.MaskComparison;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReleaseChurnTest {
    private static final SubModelSpecification SPECIFICATION =
            TinyCoder.specification("python", 0.5, new Gate(8, 8, 3, 1), ArtifactKind.RECIPE);

    @TempDir
    private Path directory;

    @Test
    void tellsHowMuchOfAReleaseWouldBeOtherwiseNowOrNothingWhenItsRecipeIsGone() {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        List<Prompt> prompts = TinyCoder.counted(TinyCoder.prompts("python"));
        try (Checkpoint base = TinyCoder.open();
                ArtifactStore store =
                        ArtifactStores.open(directory.resolve("store").toString())) {
            ReleaseBuilder builder = new ReleaseBuilder(
                    base, store, SigningKey.generate(), () -> {}, directory.resolve("work"), 2, Clock.systemUTC());
            GroupSnapshot before = TinyCoder.snapshot(base, prompts.subList(0, 10), 1);
            GroupSnapshot after = TinyCoder.snapshot(base, prompts.subList(0, 20), 2);
            Candidate made = builder.prune(SPECIFICATION, Trigger.FIRST, List.of(before));
            Candidate remade = builder.prune(SPECIFICATION, Trigger.TOKENS, List.of(after));
            double truth = MaskComparison.of(made.mask(), remade.mask()).total().differingShare();
            SubModelRelease release =
                    builder.build(made, new Quality(1, 1, 1, 1, OptionalDouble.empty()), Optional.empty());
            ReleaseChurn churn = new ReleaseChurn(base, builder, new PrunerMetrics(registry, base.revision()));

            assertThat(churn.of(SPECIFICATION, release, List.of(before))).hasValue(0);
            double share = churn.of(SPECIFICATION, release, List.of(after)).orElseThrow();

            double error = registry.get("sparsecast.pruner.churn.standard.error")
                    .gauge()
                    .value();
            assertThat(share).isCloseTo(truth, within(5 * error)).isPositive();
            assertThat(registry.get("sparsecast.pruner.churn").gauge().value()).isEqualTo(share);

            store.list("").forEach(store::delete);
            ReleaseChurn late = new ReleaseChurn(base, builder, new PrunerMetrics(registry, base.revision()));
            assertThat(late.of(SPECIFICATION, release, List.of(after))).isEmpty();
        }
    }
}
