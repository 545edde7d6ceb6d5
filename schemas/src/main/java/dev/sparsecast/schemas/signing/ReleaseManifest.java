package dev.sparsecast.schemas.signing;

import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.PruningRecipe;
import dev.sparsecast.schemas.SubModelRelease.Rollout;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The canonical manifest of a release: UTF-8 JSON without white space, fields in the order written here, numbers in
 * Java's shortest form. Everything that the release says is in it but the signature and the key's id, so these bytes can
 * be made again from the record, and are what is signed. Fields that came later are left out where they have their
 * default, so that releases of before still verify.
 */
public final class ReleaseManifest {
    private static final JsonMapper JSON =
            JsonMapper.builder().disable(SerializationFeature.INDENT_OUTPUT).build();

    private ReleaseManifest() {}

    /** The bytes that are signed. */
    public static byte[] canonicalBytes(SubModelRelease release) {
        return JSON.writeValueAsBytes(content(release));
    }

    /**
     * The release of a manifest, unsigned: what the store has of versions that the topic has no more.
     *
     * @throws IllegalArgumentException if the bytes are not exactly the canonical manifest of a release
     */
    public static SubModelRelease read(byte[] manifest) {
        return ManifestReader.read(manifest);
    }

    private static Map<String, Object> content(SubModelRelease release) {
        Map<String, Object> manifest = new LinkedHashMap<>();
        manifest.put("format", "sparsecast-release-1");
        manifest.put("model", release.model());
        manifest.put("submodel", release.submodel());
        manifest.put("version", release.version());
        if (release.parent().isPresent()) {
            manifest.put("parent", release.parent().getAsInt());
        }
        manifest.put("base_digest", release.baseDigest());
        manifest.put("trigger", release.trigger().label());
        Map<String, Object> recipe = new LinkedHashMap<>();
        recipe.put("method", release.recipe().method());
        recipe.put("pattern", release.recipe().pattern());
        recipe.put("sparsity", release.recipe().sparsity());
        recipe.put("mask_digest", release.recipe().maskDigest());
        recipe.put("half_life_tokens", Double.toString(release.recipe().halfLifeTokens()));
        if (!release.recipe().budget().equals(PruningRecipe.UNIFORM)) {
            recipe.put("budget", release.recipe().budget());
        }
        manifest.put("recipe", recipe);
        manifest.put(
                "artifacts",
                release.artifacts().stream().map(ReleaseManifest::content).toList());
        Map<String, Object> quality = new LinkedHashMap<>();
        quality.put("prompts", release.quality().prompts());
        quality.put("tokens", release.quality().tokens());
        quality.put("dense_perplexity", release.quality().dense());
        quality.put("candidate_perplexity", release.quality().candidate());
        if (release.quality().current().isPresent()) {
            quality.put("current_perplexity", release.quality().current().getAsDouble());
        }
        quality.putAll(differences(release.quality()));
        manifest.put("quality", quality);
        manifest.put(
                "provenance",
                release.provenance().stream().map(ReleaseManifest::content).toList());
        Map<String, Object> rollout = content(release.rollout());
        if (!rollout.isEmpty()) {
            manifest.put("rollout", rollout);
        }
        manifest.put("snapshot_at", release.snapshotAt().toEpochMilli());
        manifest.put("released_at", release.releasedAt().toEpochMilli());
        return manifest;
    }

    private static Map<String, Object> content(SubModelRelease.Artifact artifact) {
        Map<String, Object> content = new LinkedHashMap<>();
        content.put("kind", artifact.kind().label());
        content.put("uri", artifact.uri());
        content.put("bytes", artifact.bytes());
        content.put("sha256", artifact.sha256());
        return content;
    }

    private static Map<String, Object> content(SubModelRelease.GroupProvenance group) {
        Map<String, Object> content = new LinkedHashMap<>();
        content.put("language", group.language());
        content.put("domain", group.domain());
        content.put("weight", group.weight());
        content.put("epoch", group.epoch());
        content.put("flush_digest", group.flushDigest().toString());
        content.put("tokens", group.tokens());
        content.put("prompts", group.prompts());
        if (group.distinctSources() != 0) {
            content.put("distinct_sources", group.distinctSources());
        }
        return content;
    }

    private static Map<String, Object> differences(SubModelRelease.Quality quality) {
        Map<String, Object> content = new LinkedHashMap<>();
        quality.differenceToDense().ifPresent(difference -> content.put("difference_to_dense", content(difference)));
        quality.differenceToCurrent()
                .ifPresent(difference -> content.put("difference_to_current", content(difference)));
        return content;
    }

    private static Map<String, Object> content(SubModelRelease.LossDifference difference) {
        Map<String, Object> content = new LinkedHashMap<>();
        content.put("mean", difference.mean());
        content.put("low", difference.low());
        content.put("high", difference.high());
        content.put("confidence", difference.confidence());
        return content;
    }

    private static Map<String, Object> content(Rollout rollout) {
        Map<String, Object> content = new LinkedHashMap<>();
        if (rollout.canaryShare() != Rollout.EVERYWHERE.canaryShare()) {
            content.put("canary_share", rollout.canaryShare());
        }
        if (rollout.pinned()) {
            content.put("pinned", true);
        }
        if (rollout.restores().isPresent()) {
            content.put("restores", rollout.restores().getAsInt());
        }
        if (!rollout.revoked().isEmpty()) {
            content.put("revoked", rollout.revoked());
        }
        return content;
    }
}
