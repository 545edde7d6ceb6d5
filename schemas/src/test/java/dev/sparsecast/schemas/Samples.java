package dev.sparsecast.schemas;

import dev.sparsecast.schemas.SubModelRelease.Artifact;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.schemas.SubModelRelease.GroupProvenance;
import dev.sparsecast.schemas.SubModelRelease.LossDifference;
import dev.sparsecast.schemas.SubModelRelease.PruningRecipe;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.schemas.SubModelRelease.Rollout;
import dev.sparsecast.schemas.SubModelRelease.Signature;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** One record of every kind. */
public final class Samples {
    private Samples() {}

    public static final Instant AT = Instant.ofEpochMilli(1_790_000_000_123L);

    public static Prompt prompt() {
        return new Prompt("p-1", "python", "code", "def f(x):\n    return \"é\"", "alice", Map.of("k", "v"));
    }

    public static ActivationNorms norms() {
        return new ActivationNorms(
                "flush-1",
                "worker-1",
                AT,
                6,
                100,
                3,
                2,
                SourceSketch.of(List.of("alice", "bob")),
                List.of(new TapNorms(
                        "attention_input", new float[] {1, 2.5f, 0}, new float[] {-1, 0, Float.MIN_VALUE})));
    }

    public static ActivationStatistics statistics() {
        Totals totals = new Totals(100, 3, List.of(new TapTotals("mlp_input", new double[] {1, Math.PI}, new double[] {
            -1e-300, 5
        })));
        return new ActivationStatistics(
                6, 17, 2000, 4, FlushDigest.EMPTY.plus("a").plus("b"), AT, 2, totals, totals, 5000);
    }

    public static DriftReport drift() {
        return new DriftReport(
                3,
                AT,
                DriftState.DRIFTING,
                0.2,
                0.05,
                0.1,
                1500,
                "python",
                2,
                List.of(new TapDrift(1, "mlp_hidden", 0.2, 0.01, 0.05)),
                List.of(1));
    }

    public static SubModelRelease release() {
        return new SubModelRelease(
                "tiny-coder@0123456789ab",
                "python",
                2,
                OptionalInt.of(1),
                "sha256:00",
                Trigger.DRIFT,
                new PruningRecipe("wanda", "unstructured", 0.6, "sha256:11", 5000),
                List.of(new Artifact(ArtifactKind.RECIPE, "python/2/recipe.safetensors", 26112, "22")),
                new Quality(10, 2000, 22.8, 44.1, OptionalDouble.of(45.5)),
                List.of(new GroupProvenance("python", "code", 1, 17, new FlushDigest(-5), 100, 3)),
                AT,
                AT.plusSeconds(1),
                "",
                Signature.NONE);
    }

    /** A release whose layers do not all have the same sparsity. */
    public static SubModelRelease releaseWithBudget() {
        SubModelRelease release = release();
        return new SubModelRelease(
                release.model(),
                release.submodel(),
                release.version(),
                release.parent(),
                release.baseDigest(),
                release.trigger(),
                new PruningRecipe("ria", "whole-matrix", 0.6, "sha256:11", 5000, "owl:5:0.08"),
                release.artifacts(),
                release.quality(),
                release.provenance(),
                release.snapshotAt(),
                release.releasedAt(),
                "",
                Signature.NONE);
    }

    /** A release with every field that was added later. */
    public static SubModelRelease releaseWithRollout() {
        SubModelRelease release = release();
        return new SubModelRelease(
                release.model(),
                release.submodel(),
                9,
                OptionalInt.of(8),
                release.baseDigest(),
                Trigger.CHURN,
                release.recipe(),
                release.artifacts(),
                new Quality(
                        10,
                        2000,
                        22.8,
                        44.1,
                        OptionalDouble.of(45.5),
                        Optional.of(new LossDifference(0.66, 0.5, 0.75, 0.95)),
                        Optional.of(new LossDifference(-0.03, -0.25, 0.125, 0.95))),
                List.of(new GroupProvenance("python", "code", 1, 17, new FlushDigest(-5), 100, 3, 2)),
                release.snapshotAt(),
                release.releasedAt(),
                "",
                Signature.NONE,
                new Rollout(0.25, true, OptionalInt.of(6), List.of(8, 7)));
    }

    public static SubModelCommand command() {
        return new SubModelCommand(
                "c-1",
                "tiny-coder@0123456789ab",
                "python",
                SubModelCommand.Action.PIN,
                OptionalInt.of(3),
                5,
                "alice@build",
                "5 is slow",
                AT,
                "",
                Signature.NONE);
    }

    public static SubModelDecision decision() {
        return new SubModelDecision(
                "tiny-coder@0123456789ab",
                "python",
                AT,
                SubModelDecision.Outcome.PROMOTED,
                "good enough",
                "command",
                OptionalInt.of(9),
                "c-1",
                "wanda 0.6",
                "sha256:11",
                Optional.of(releaseWithRollout().quality()),
                Map.of("gate", 12L));
    }

    public static SubModelDeployment deployment() {
        return new SubModelDeployment(
                "tiny-coder@0123456789ab",
                "python",
                "deployer-1",
                2,
                SubModelDeployment.State.DEPLOYED,
                "",
                "state/python/2",
                "sha256:11",
                AT,
                AT.plusMillis(250),
                Map.of("verify", 3L));
    }
}
