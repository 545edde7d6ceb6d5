package dev.sparsecast.pruner.snapshot;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.TapTotals;
import dev.sparsecast.schemas.Totals;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Statistics with sums that are different for every group, layer and content. */
public final class TestStatistics {
    public static final String MODEL = "tiny@0123456789ab";
    public static final GroupKey PYTHON = new GroupKey(MODEL, "python", "code");
    public static final GroupKey JAVA = new GroupKey(MODEL, "java", "code");
    public static final double HALF_LIFE = 5000;

    private TestStatistics() {}

    /** A model so small that its statistics are a few numbers. */
    public static ModelConfig config(int layers) {
        return ModelConfig.llama(4, 6, layers, 2, 1, 2, 16, 32, 1e-5, 10_000, true);
    }

    /** What a group's statistics contain after {@code flushes} flushes, one an epoch, of 100 tokens and 3 prompts each. */
    public static SnapshotContent content(ModelConfig config, int flushes) {
        FlushDigest digest = FlushDigest.EMPTY;
        for (int flush = 0; flush < flushes; flush++) {
            digest = digest.plus("flush-" + flush);
        }
        return new SnapshotContent(
                config.layers(),
                100 + flushes,
                1000,
                flushes,
                digest,
                100L * flushes,
                3L * flushes,
                99.5 * flushes,
                HALF_LIFE);
    }

    /** One layer's statistics of a content. */
    public static ActivationStatistics of(ModelConfig config, GroupKey group, int layer, SnapshotContent content) {
        Random random = new Random(31L * (31L * group.hashCode() + layer) + content.hashCode());
        return new ActivationStatistics(
                content.layers(),
                content.epoch(),
                content.epochMillis(),
                content.flushes(),
                content.flushDigest(),
                Instant.ofEpochMilli(content.epoch() * content.epochMillis()),
                2 + layer,
                new Totals(content.tokens(), content.prompts(), taps(config, random)),
                new Totals(content.decayedTokens(), content.prompts() * 0.75, taps(config, random)),
                content.halfLifeTokens());
    }

    private static List<TapTotals> taps(ModelConfig config, Random random) {
        List<TapTotals> taps = new ArrayList<>();
        for (Tap tap : Tap.values()) {
            int channels = tap.channels(config);
            taps.add(new TapTotals(
                    tap.label(),
                    random.doubles(channels, 0, 100).toArray(),
                    random.doubles(channels, -10, 10).toArray()));
        }
        return taps;
    }

    /** The snapshot of a content. */
    public static GroupSnapshot snapshot(ModelConfig config, GroupKey group, SnapshotContent content, Instant at) {
        List<LayerStatistics> layers = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            layers.add(LayerStatistics.of(layer, of(config, group, layer, content), config));
        }
        return GroupSnapshot.of(group, layers, at);
    }
}
