package dev.sparsecast.cli.releases;

import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Artifact;
import dev.sparsecast.schemas.SubModelRelease.GroupProvenance;
import dev.sparsecast.schemas.SubModelRelease.LossDifference;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What two versions of a sub-model say differently, field by field. */
public final class ReleaseDifference {
    private ReleaseDifference() {}

    /**
     * A field that differs.
     *
     * @param field its name in the manifest, with the group or the kind where there are several
     * @param before empty if the first version has no such field
     * @param after empty if the second has none
     */
    public record Field(String field, String before, String after) {}

    /** The fields that differ, in the order of the manifest. */
    public static List<Field> between(SubModelRelease first, SubModelRelease second) {
        Map<String, String> before = fields(first);
        Map<String, String> after = fields(second);
        Set<String> names = new LinkedHashSet<>(before.keySet());
        names.addAll(after.keySet());
        List<Field> differing = new ArrayList<>();
        for (String name : names) {
            Field field = new Field(name, before.getOrDefault(name, ""), after.getOrDefault(name, ""));
            if (!field.before().equals(field.after())) {
                differing.add(field);
            }
        }
        return differing;
    }

    private static Map<String, String> fields(SubModelRelease release) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("base_digest", release.baseDigest());
        fields.put("trigger", release.trigger().label());
        fields.put("recipe.method", release.recipe().method());
        fields.put("recipe.pattern", release.recipe().pattern());
        fields.put("recipe.sparsity", Double.toString(release.recipe().sparsity()));
        fields.put("recipe.budget", release.recipe().budget());
        fields.put("recipe.half_life_tokens", Double.toString(release.recipe().halfLifeTokens()));
        fields.put("recipe.mask_digest", release.recipe().maskDigest());
        for (Artifact artifact : release.artifacts()) {
            fields.put("artifacts." + artifact.kind().label(), artifact.bytes() + " bytes");
        }
        addQuality(fields, release.quality());
        for (GroupProvenance group : release.provenance()) {
            String name = "provenance." + group.language() + "/" + group.domain() + ".";
            fields.put(name + "weight", Double.toString(group.weight()));
            fields.put(name + "epoch", Long.toString(group.epoch()));
            fields.put(name + "tokens", Long.toString(group.tokens()));
            fields.put(name + "prompts", Long.toString(group.prompts()));
            fields.put(name + "distinct_sources", Long.toString(group.distinctSources()));
        }
        fields.put("rollout.canary_share", Double.toString(release.rollout().canaryShare()));
        fields.put("rollout.pinned", Boolean.toString(release.rollout().pinned()));
        if (release.rollout().restores().isPresent()) {
            fields.put(
                    "rollout.restores",
                    Integer.toString(release.rollout().restores().getAsInt()));
        }
        fields.put("rollout.revoked", release.rollout().revoked().toString());
        fields.put("snapshot_at", release.snapshotAt().toString());
        fields.put("released_at", release.releasedAt().toString());
        fields.put("key_id", release.keyId());
        return fields;
    }

    private static void addQuality(Map<String, String> fields, Quality quality) {
        fields.put("quality.prompts", Long.toString(quality.prompts()));
        fields.put("quality.tokens", Long.toString(quality.tokens()));
        fields.put("quality.dense_perplexity", decimal(quality.dense()));
        fields.put("quality.candidate_perplexity", decimal(quality.candidate()));
        quality.current().ifPresent(current -> fields.put("quality.current_perplexity", decimal(current)));
        quality.differenceToDense().ifPresent(known -> fields.put("quality.difference_to_dense", interval(known)));
        quality.differenceToCurrent().ifPresent(known -> fields.put("quality.difference_to_current", interval(known)));
    }

    private static String decimal(double value) {
        return String.format(Locale.ROOT, "%.4f", value);
    }

    /** Such as {@code 0.0123 (0.0100 to 0.0150)}, in nats per token. */
    static String interval(LossDifference difference) {
        return decimal(difference.mean()) + " (" + decimal(difference.low()) + " to " + decimal(difference.high())
                + ")";
    }
}
