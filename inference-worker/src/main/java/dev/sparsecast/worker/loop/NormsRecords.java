package dev.sparsecast.worker.loop;

import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.checkpoint.statistics.TapSums;
import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.SourceSketch;
import dev.sparsecast.schemas.TapNorms;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.worker.profile.PromptGroup;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.Serializer;

/**
 * The records of one flush: a norms record for every layer of every group, all with one id and one timestamp.
 *
 * @param flushId one id for the whole flush
 * @param flushedAt one instant for the whole flush
 * @param revision the model's revision
 * @param worker this worker's name
 */
record NormsRecords(String flushId, Instant flushedAt, String revision, String worker) {

    List<ProducerRecord<byte[], byte[]>> of(
            Map<PromptGroup, ModelStatistics> groups, PendingFlush pending, Serializer<ActivationNorms> serializer) {
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        groups.forEach((group, statistics) -> {
            GroupKey key = new GroupKey(revision, group.language(), group.domain());
            Set<String> names = pending.sources(group);
            SourceSketch sources = SourceSketch.of(names);
            for (int layer = 0; layer < statistics.layers().size(); layer++) {
                ActivationNorms norms = norms(statistics, layer, names.size(), sources);
                records.add(new ProducerRecord<>(
                        Topics.ACTIVATION_NORMS,
                        null,
                        flushedAt.toEpochMilli(),
                        key.layer(layer).toString().getBytes(StandardCharsets.UTF_8),
                        serializer.serialize(Topics.ACTIVATION_NORMS, norms)));
            }
        });
        return records;
    }

    private ActivationNorms norms(ModelStatistics statistics, int layer, long distinctSources, SourceSketch sources) {
        Map<Tap, TapSums> taps = statistics.layers().get(layer);
        return new ActivationNorms(
                flushId,
                worker,
                flushedAt,
                statistics.layers().size(),
                (long) statistics.tokens(),
                (long) statistics.prompts(),
                distinctSources,
                sources,
                Arrays.stream(Tap.values())
                        .map(tap -> norms(tap, Objects.requireNonNull(taps.get(tap))))
                        .toList());
    }

    private static TapNorms norms(Tap tap, TapSums sums) {
        return new TapNorms(tap.label(), floats(sums.sumSquares()), floats(sums.sum()));
    }

    private static float[] floats(double[] values) {
        float[] narrow = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            narrow[i] = (float) values[i];
        }
        return narrow;
    }
}
