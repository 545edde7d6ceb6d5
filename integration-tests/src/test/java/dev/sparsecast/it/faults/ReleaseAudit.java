package dev.sparsecast.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.it.TopicContents;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.LayerKey;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.schemas.SubModelRelease.GroupProvenance;
import dev.sparsecast.schemas.TapTotals;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.Totals;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import dev.sparsecast.wanda.recipe.Recipe;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Whether every release was made from an exact snapshot: for each of its groups all layers once published statistics of
 * the very flushes that the release names, and mixing those gives the norms in its recipe, bit for bit.
 */
final class ReleaseAudit {
    private final List<SubModelRelease> releases = new ArrayList<>();
    private final Map<Snapshot, Totals> snapshots = new HashMap<>();

    /** Statistics of one layer, told from others of it by what is in them. */
    private record Snapshot(LayerKey key, long epoch, FlushDigest digest, long tokens, long prompts) {}

    private ReleaseAudit(ClusterSettings cluster) {
        SparsecastSerdes serdes = new SparsecastSerdes(cluster);
        try (var serde = serdes.releases()) {
            TopicContents.forEach(
                    cluster, Topics.SUBMODEL_RELEASES, serde.deserializer(), record -> releases.add(record.value()));
        }
        Set<FlushDigest> named = new HashSet<>();
        releases.forEach(release -> release.provenance().forEach(made -> named.add(made.flushDigest())));
        try (var serde = serdes.activationStatistics()) {
            TopicContents.forEach(cluster, Topics.ACTIVATION_STATISTICS, serde.deserializer(), record -> {
                if (named.contains(record.value().flushDigest())) {
                    snapshots.put(
                            snapshot(record.key(), record.value()),
                            record.value().decayed());
                }
            });
        }
    }

    private static Snapshot snapshot(String key, ActivationStatistics statistics) {
        return new Snapshot(
                LayerKey.parse(key),
                statistics.epoch(),
                statistics.flushDigest(),
                (long) statistics.lifetime().tokens(),
                (long) statistics.lifetime().prompts());
    }

    /** Checks all releases and returns them. */
    static List<SubModelRelease> check(ClusterSettings cluster, Path store, int layers) {
        ReleaseAudit audit = new ReleaseAudit(cluster);
        Set<String> versions = new HashSet<>();
        for (SubModelRelease release : audit.releases) {
            String name = release.submodel() + " " + release.version();
            assertThat(versions.add(name)).as("%s was announced once", name).isTrue();
            for (int layer = 0; layer < layers; layer++) {
                audit.check(release, store, layer);
            }
        }
        return audit.releases;
    }

    private void check(SubModelRelease release, Path store, int layer) {
        Recipe recipe = Recipe.read(store.resolve(
                release.artifact(ArtifactKind.RECIPE).orElseThrow().uri()));
        double tokens = 0;
        Map<String, double[]> mixed = new HashMap<>();
        for (GroupProvenance made : release.provenance()) {
            LayerKey key = new GroupKey(release.model(), made.language(), made.domain()).layer(layer);
            Totals totals =
                    snapshots.get(new Snapshot(key, made.epoch(), made.flushDigest(), made.tokens(), made.prompts()));
            assertThat(totals)
                    .as("statistics that %s names of %s", release.submodel(), key)
                    .isNotNull();
            tokens += made.weight() * totals.tokens();
            for (TapTotals tap : totals.taps()) {
                double[] sums = mixed.computeIfAbsent(tap.tap(), absent -> new double[tap.channels()]);
                for (int channel = 0; channel < sums.length; channel++) {
                    sums[channel] += made.weight() * tap.sumSquares()[channel];
                }
            }
        }
        for (Tap tap : Tap.values()) {
            float[] norms = recipe.calibration().norms(layer, tap);
            double[] sums = mixed.get(tap.label());
            for (int channel = 0; channel < norms.length; channel++) {
                assertThat(norms[channel]).isEqualTo((float) Math.sqrt(sums[channel] / tokens));
            }
        }
    }
}
