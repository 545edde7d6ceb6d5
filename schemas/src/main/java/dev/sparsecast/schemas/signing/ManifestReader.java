package dev.sparsecast.schemas.signing;

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
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.Function;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Canonical manifests back to releases. */
final class ManifestReader {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private ManifestReader() {}

    /** @throws IllegalArgumentException if the bytes are not exactly the canonical manifest of some release */
    static SubModelRelease read(byte[] manifest) {
        SubModelRelease release;
        try {
            release = release(JSON.readTree(manifest));
        } catch (JacksonException | IllegalArgumentException e) {
            throw new IllegalArgumentException("the manifest cannot be read: " + e.getMessage(), e);
        }
        if (!Arrays.equals(ReleaseManifest.canonicalBytes(release), manifest)) {
            throw new IllegalArgumentException("the manifest is not in its canonical form");
        }
        return release;
    }

    private static SubModelRelease release(JsonNode json) {
        JsonNode recipe = json.path("recipe");
        return new SubModelRelease(
                text(json, "model"),
                text(json, "submodel"),
                json.path("version").asInt(),
                optionalInt(json.path("parent")),
                text(json, "base_digest"),
                Trigger.valueOf(text(json, "trigger").toUpperCase(Locale.ROOT)),
                new PruningRecipe(
                        text(recipe, "method"),
                        text(recipe, "pattern"),
                        recipe.path("sparsity").asDouble(),
                        text(recipe, "mask_digest"),
                        Double.parseDouble(text(recipe, "half_life_tokens")),
                        recipe.path("budget").asString(PruningRecipe.UNIFORM)),
                list(json.path("artifacts"), ManifestReader::artifact),
                quality(json.path("quality")),
                list(json.path("provenance"), ManifestReader::provenance),
                Instant.ofEpochMilli(json.path("snapshot_at").asLong()),
                Instant.ofEpochMilli(json.path("released_at").asLong()),
                "",
                Signature.NONE,
                rollout(json.path("rollout")));
    }

    private static Artifact artifact(JsonNode json) {
        return new Artifact(
                ArtifactKind.valueOf(text(json, "kind").toUpperCase(Locale.ROOT)),
                text(json, "uri"),
                json.path("bytes").asLong(),
                text(json, "sha256"));
    }

    private static Quality quality(JsonNode json) {
        return new Quality(
                json.path("prompts").asLong(),
                json.path("tokens").asLong(),
                json.path("dense_perplexity").asDouble(),
                json.path("candidate_perplexity").asDouble(),
                json.has("current_perplexity")
                        ? OptionalDouble.of(json.path("current_perplexity").asDouble())
                        : OptionalDouble.empty(),
                difference(json.path("difference_to_dense")),
                difference(json.path("difference_to_current")));
    }

    private static Optional<LossDifference> difference(JsonNode json) {
        return json.isMissingNode()
                ? Optional.empty()
                : Optional.of(new LossDifference(
                        json.path("mean").asDouble(),
                        json.path("low").asDouble(),
                        json.path("high").asDouble(),
                        json.path("confidence").asDouble()));
    }

    private static GroupProvenance provenance(JsonNode json) {
        return new GroupProvenance(
                text(json, "language"),
                text(json, "domain"),
                json.path("weight").asDouble(),
                json.path("epoch").asLong(),
                new FlushDigest(Long.parseUnsignedLong(text(json, "flush_digest"), 16)),
                json.path("tokens").asLong(),
                json.path("prompts").asLong(),
                json.path("distinct_sources").asLong(0));
    }

    private static Rollout rollout(JsonNode json) {
        return new Rollout(
                json.path("canary_share").asDouble(Rollout.EVERYWHERE.canaryShare()),
                json.path("pinned").asBoolean(false),
                optionalInt(json.path("restores")),
                list(json.path("revoked"), JsonNode::asInt));
    }

    private static String text(JsonNode json, String field) {
        JsonNode value = json.path(field);
        if (!value.isString()) {
            throw new IllegalArgumentException("the field '" + field + "' is missing");
        }
        return value.asString();
    }

    private static OptionalInt optionalInt(JsonNode json) {
        return json.isMissingNode() ? OptionalInt.empty() : OptionalInt.of(json.asInt());
    }

    private static <T> List<T> list(JsonNode json, Function<JsonNode, T> element) {
        return json.values().stream().map(element).toList();
    }
}
