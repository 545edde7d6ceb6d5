package dev.sparsecast.schemas.serde;

import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Artifact;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.schemas.SubModelRelease.GroupProvenance;
import dev.sparsecast.schemas.SubModelRelease.LossDifference;
import dev.sparsecast.schemas.SubModelRelease.PruningRecipe;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.schemas.SubModelRelease.Rollout;
import dev.sparsecast.schemas.SubModelRelease.Signature;
import dev.sparsecast.schemas.SubModelRelease.Trigger;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** The mapping of the release. */
final class ReleaseMapping {
    private ReleaseMapping() {}

    static final AvroMapping<SubModelRelease, dev.sparsecast.schemas.avro.SubModelRelease> RELEASE = Mappings.mapping(
            dev.sparsecast.schemas.avro.SubModelRelease.class, ReleaseMapping::toAvro, ReleaseMapping::fromAvro);

    private static dev.sparsecast.schemas.avro.SubModelRelease toAvro(SubModelRelease release) {
        PruningRecipe recipe = release.recipe();
        Quality quality = release.quality();
        return new dev.sparsecast.schemas.avro.SubModelRelease(
                release.model(),
                release.submodel(),
                release.version(),
                release.parent().isPresent() ? (Integer) release.parent().getAsInt() : null,
                release.baseDigest(),
                release.trigger().label(),
                new dev.sparsecast.schemas.avro.PruningRecipe(
                        recipe.method(),
                        recipe.pattern(),
                        recipe.sparsity(),
                        recipe.maskDigest(),
                        recipe.halfLifeTokens(),
                        recipe.budget()),
                release.artifacts().stream()
                        .map(artifact -> new dev.sparsecast.schemas.avro.Artifact(
                                artifact.kind().label(), artifact.uri(), artifact.bytes(), artifact.sha256()))
                        .toList(),
                new dev.sparsecast.schemas.avro.Quality(
                        quality.prompts(),
                        quality.tokens(),
                        quality.dense(),
                        quality.candidate(),
                        quality.current().isPresent()
                                ? (Double) quality.current().getAsDouble()
                                : null,
                        toAvro(quality.differenceToDense()),
                        toAvro(quality.differenceToCurrent())),
                release.provenance().stream()
                        .map(group -> new dev.sparsecast.schemas.avro.GroupProvenance(
                                group.language(),
                                group.domain(),
                                group.weight(),
                                group.epoch(),
                                group.flushDigest().value(),
                                group.tokens(),
                                group.prompts(),
                                group.distinctSources()))
                        .toList(),
                release.snapshotAt(),
                release.releasedAt(),
                release.keyId(),
                ByteBuffer.wrap(release.signature().bytes()),
                toAvro(release.rollout()));
    }

    private static dev.sparsecast.schemas.avro.@Nullable LossDifference toAvro(Optional<LossDifference> difference) {
        return difference
                .map(known -> new dev.sparsecast.schemas.avro.LossDifference(
                        known.mean(), known.low(), known.high(), known.confidence()))
                .orElse(null);
    }

    private static dev.sparsecast.schemas.avro.Rollout toAvro(Rollout rollout) {
        return new dev.sparsecast.schemas.avro.Rollout(
                rollout.canaryShare(),
                rollout.pinned(),
                rollout.restores().isPresent() ? (Integer) rollout.restores().getAsInt() : null,
                rollout.revoked());
    }

    private static SubModelRelease fromAvro(dev.sparsecast.schemas.avro.SubModelRelease avro) {
        var recipe = avro.getRecipe();
        var quality = avro.getQuality();
        return new SubModelRelease(
                avro.getModel(),
                avro.getSubmodel(),
                avro.getVersion(),
                optional(avro.getParent()),
                avro.getBaseDigest(),
                Trigger.valueOf(avro.getTrigger().toUpperCase(Locale.ROOT)),
                new PruningRecipe(
                        recipe.getMethod(),
                        recipe.getPattern(),
                        recipe.getSparsity(),
                        recipe.getMaskDigest(),
                        recipe.getHalfLifeTokens(),
                        recipe.getBudget()),
                avro.getArtifacts().stream()
                        .map(artifact -> new Artifact(
                                ArtifactKind.valueOf(artifact.getKind().toUpperCase(Locale.ROOT)),
                                artifact.getUri(),
                                artifact.getBytes(),
                                artifact.getSha256()))
                        .toList(),
                new Quality(
                        quality.getPrompts(),
                        quality.getTokens(),
                        quality.getDensePerplexity(),
                        quality.getCandidatePerplexity(),
                        optional(quality.getCurrentPerplexity()),
                        difference(quality.getDifferenceToDense()),
                        difference(quality.getDifferenceToCurrent())),
                avro.getProvenance().stream()
                        .map(group -> new GroupProvenance(
                                group.getLanguage(),
                                group.getDomain(),
                                group.getWeight(),
                                group.getEpoch(),
                                new FlushDigest(group.getFlushDigest()),
                                group.getTokens(),
                                group.getPrompts(),
                                group.getDistinctSources()))
                        .toList(),
                avro.getSnapshotAt(),
                avro.getReleasedAt(),
                avro.getKeyId(),
                signature(avro.getSignature()),
                new Rollout(
                        avro.getRollout().getCanaryShare(),
                        avro.getRollout().getPinned(),
                        optional(avro.getRollout().getRestores()),
                        avro.getRollout().getRevoked()));
    }

    private static Optional<LossDifference> difference(
            dev.sparsecast.schemas.avro.@Nullable LossDifference difference) {
        return Optional.ofNullable(difference)
                .map(known ->
                        new LossDifference(known.getMean(), known.getLow(), known.getHigh(), known.getConfidence()));
    }

    private static Signature signature(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return Signature.of(bytes);
    }

    private static OptionalInt optional(@Nullable Integer value) {
        return value == null ? OptionalInt.empty() : OptionalInt.of(value);
    }

    private static OptionalDouble optional(@Nullable Double value) {
        return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
    }
}
