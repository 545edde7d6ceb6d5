package dev.sparsecast.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sparsecast.it.TopicContents;
import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.LayerKey;
import dev.sparsecast.schemas.TapNorms;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Every committed flush of the workers, added up anew in the plainest way: what the running statistics must say. */
final class CountedFlushes {
    private final Map<LayerKey, Sums> layers = new HashMap<>();

    /** What was flushed for one layer of a group. */
    static final class Sums {
        private final Set<String> flushes = new HashSet<>();
        private final Map<String, double[]> sumSquares = new HashMap<>();
        private long tokens;
        private long prompts;

        private void add(LayerKey key, ActivationNorms norms) {
            assertThat(flushes.add(norms.flushId()))
                    .as("flush %s of %s is there once", norms.flushId(), key)
                    .isTrue();
            tokens += norms.tokens();
            prompts += norms.prompts();
            for (TapNorms tap : norms.taps()) {
                double[] sums = sumSquares.computeIfAbsent(tap.tap(), absent -> new double[tap.channels()]);
                for (int channel = 0; channel < sums.length; channel++) {
                    sums[channel] += tap.sumSquares()[channel];
                }
            }
        }

        long tokens() {
            return tokens;
        }

        long prompts() {
            return prompts;
        }

        FlushDigest digest() {
            FlushDigest digest = FlushDigest.EMPTY;
            for (String flush : flushes) {
                digest = digest.plus(flush);
            }
            return digest;
        }
    }

    static CountedFlushes read(ClusterSettings cluster) {
        CountedFlushes counted = new CountedFlushes();
        try (var serde = new SparsecastSerdes(cluster).activationNorms()) {
            TopicContents.forEach(cluster, Topics.ACTIVATION_NORMS, serde.deserializer(), record -> {
                LayerKey key = LayerKey.parse(record.key());
                counted.layers.computeIfAbsent(key, absent -> new Sums()).add(key, record.value());
            });
        }
        return counted;
    }

    Sums of(GroupKey group, int layer) {
        Sums sums = layers.get(group.layer(layer));
        assertThat(sums).as("flushes of layer %s of %s", layer, group).isNotNull();
        return sums;
    }

    /** All layers of a group were flushed together. */
    void assertLayersAgree(GroupKey group, int count) {
        for (int layer = 1; layer < count; layer++) {
            assertThat(of(group, layer).flushes)
                    .as("flushes of layer %s of %s", layer, group)
                    .isEqualTo(of(group, 0).flushes);
        }
    }

    int flushes() {
        return layers.values().stream()
                .mapToInt(sums -> sums.flushes.size())
                .max()
                .orElse(0);
    }

    /** Statistics hold exactly these flushes; returns the largest relative difference of a sum. */
    double compare(LayerKey key, ActivationStatistics statistics) {
        Sums sums = of(key.group(), key.layer());
        assertThat(statistics.flushes()).as("flushes of %s", key).isEqualTo(sums.flushes.size());
        assertThat(statistics.flushDigest()).as("digest of %s", key).isEqualTo(sums.digest());
        assertThat(statistics.lifetime().tokens()).as("tokens of %s", key).isEqualTo(sums.tokens);
        assertThat(statistics.lifetime().prompts()).as("prompts of %s", key).isEqualTo(sums.prompts);
        double largest = 0;
        for (var tap : statistics.lifetime().taps()) {
            double[] expected = sums.sumSquares.get(tap.tap());
            largest = Math.max(largest, largestDifference(tap.sumSquares(), expected));
        }
        return largest;
    }

    static double largestDifference(double[] found, double[] expected) {
        double largest = 0;
        for (int channel = 0; channel < expected.length; channel++) {
            double difference = Math.abs(found[channel] - expected[channel]);
            largest = Math.max(largest, difference == 0 ? 0 : difference / expected[channel]);
        }
        return largest;
    }
}
