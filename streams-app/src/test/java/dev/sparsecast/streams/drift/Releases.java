package dev.sparsecast.streams.drift;

import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.GroupProvenance;
import dev.sparsecast.schemas.SubModelRelease.PruningRecipe;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.schemas.SubModelRelease.Signature;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import java.time.Instant;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** Makes releases. */
final class Releases {
    private Releases() {}

    static SubModelRelease of(GroupKey group, int version, ActivationStatistics snapshot, Instant at) {
        return new SubModelRelease(
                group.model(),
                group.language(),
                version,
                OptionalInt.empty(),
                "sha256:00",
                Trigger.FIRST,
                new PruningRecipe("wanda", "unstructured", 0.5, "sha256:11", 1000),
                List.of(),
                new Quality(1, 1, 1, 1, OptionalDouble.empty()),
                List.of(new GroupProvenance(
                        group.language(),
                        group.domain(),
                        1,
                        snapshot.epoch(),
                        snapshot.flushDigest(),
                        Math.round(snapshot.lifetime().tokens()),
                        Math.round(snapshot.lifetime().prompts()))),
                at,
                at,
                "",
                Signature.NONE);
    }
}
