package dev.sparsecast.benchmarks;

import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.SourceSketch;
import dev.sparsecast.schemas.TapNorms;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** A worker without a model: norms in the shape of Llama-7B (32 layers, 745,472 channels) for 4 languages in 3 domains. */
final class SyntheticNorms {
    static final int LAYERS = 32;

    private static final List<String> LANGUAGES = List.of("python", "java", "cpp", "javascript");
    private static final List<String> DOMAINS = List.of("code", "math", "commonsense");
    private static final Map<String, Integer> TAPS =
            Map.of("attention_input", 4096, "attention_output", 4096, "mlp_input", 4096, "mlp_hidden", 11008);
    private static final long TOKENS = 20_000;

    private final Random random = new Random(1);

    /** What was sent. */
    record Sent(long records, long largestRecord) {}

    /** Sends flushes of all groups, {@code secondsApart} of stream time apart. */
    Sent send(ClusterSettings cluster, int flushes, double secondsApart) {
        Instant start = Instant.now().minusMillis((long) (1000 * flushes * secondsApart));
        long records = 0;
        long largest = 0;
        try (var serde = new SparsecastSerdes(cluster).activationNorms();
                KafkaProducer<String, ActivationNorms> producer = new KafkaProducer<>(
                        cluster.client(Map.of("linger.ms", 5, "batch.size", 1 << 20, "acks", "all")),
                        new StringSerializer(),
                        serde.serializer())) {
            for (int flush = 0; flush < flushes; flush++) {
                Instant at = start.plusMillis((long) (1000 * flush * secondsApart));
                for (String language : LANGUAGES) {
                    for (String domain : DOMAINS) {
                        GroupKey group = new GroupKey("llama-7b@0123456789ab", language, domain);
                        for (int layer = 0; layer < LAYERS; layer++) {
                            ActivationNorms norms = norms("flush-" + flush, at);
                            var unused = producer.send(new ProducerRecord<>(
                                    Topics.ACTIVATION_NORMS,
                                    null,
                                    at.toEpochMilli(),
                                    group.layer(layer).toString(),
                                    norms));
                            records++;
                            if (flush == 0 && layer == 0) {
                                largest = Math.max(
                                        largest, serde.serializer().serialize(Topics.ACTIVATION_NORMS, norms).length);
                            }
                        }
                    }
                }
            }
        }
        return new Sent(records, largest);
    }

    private ActivationNorms norms(String flush, Instant at) {
        List<TapNorms> taps = new ArrayList<>();
        TAPS.forEach((tap, channels) -> taps.add(new TapNorms(tap, vector(channels, true), vector(channels, false))));
        List<String> sources = List.of("team-" + random.nextInt(50), "team-" + random.nextInt(50));
        return new ActivationNorms(flush, "synthetic", at, LAYERS, TOKENS, 100, 2, SourceSketch.of(sources), taps);
    }

    private float[] vector(int channels, boolean positive) {
        float[] values = new float[channels];
        for (int channel = 0; channel < channels; channel++) {
            float value = TOKENS * (random.nextFloat() - (positive ? 0 : 0.5f));
            values[channel] = value;
        }
        return values;
    }
}
