package dev.sparsecast.streams.statistics;

import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.LayerKey;
import java.time.Duration;
import java.time.Instant;
import org.apache.kafka.common.metrics.Sensor;
import org.apache.kafka.common.metrics.Sensor.RecordingLevel;
import org.apache.kafka.streams.StreamsMetrics;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts and warns of flushes that come when their epoch is sealed. They are counted in a later epoch, so decay treats them as
 * younger than they are, and layers that seal at different moments may do so differently; a snapshot then has to wait until the
 * next epochs agree. They come from workers whose clocks are behind by more than the time to seal, or from replays.
 */
final class TooLateFlushes implements AutoCloseable {
    /** Of the metric {@code flush-after-seal-total}, per task. */
    static final String OPERATION = "flush-after-seal";

    private static final Logger LOG = LoggerFactory.getLogger(TooLateFlushes.class);

    private final StreamsMetrics metrics;
    private final Sensor sensor;
    private String lastWarned = "";

    TooLateFlushes(ProcessorContext<?, ?> context) {
        metrics = context.metrics();
        sensor = metrics.addRateTotalSensor("epoch", context.taskId().toString(), OPERATION, RecordingLevel.INFO);
    }

    /** Counts one; of the many records of a flush only the first is warned of. */
    void record(String key, ActivationNorms norms, long streamTime) {
        sensor.record();
        if (norms.flushId().equals(lastWarned)) {
            return;
        }
        lastWarned = norms.flushId();
        LayerKey layer = LayerKey.parse(key);
        LOG.atWarn()
                .addKeyValue("model", layer.group().model())
                .addKeyValue("language", layer.group().language())
                .addKeyValue("domain", layer.group().domain())
                .addKeyValue("worker", norms.worker())
                .log(
                        "A flush of {} came {} after newer ones, when its epoch was sealed; it counts in a later one. Is the"
                                + " worker's clock right?",
                        norms.flushedAt(),
                        Duration.between(norms.flushedAt(), Instant.ofEpochMilli(streamTime)));
    }

    @Override
    public void close() {
        metrics.removeSensor(sensor);
    }
}
