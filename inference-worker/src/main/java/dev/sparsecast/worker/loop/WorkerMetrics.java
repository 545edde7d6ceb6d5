package dev.sparsecast.worker.loop;

import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.worker.model.Progress;
import dev.sparsecast.worker.profile.PromptGroup;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.ProducerRecord;

/** The worker's meters. Counters of what was published count what was committed, and nothing else. */
final class WorkerMetrics {
    private final MeterRegistry registry;
    private final Tags tags;
    private final int batchTokens;
    private final AtomicLong waitingTokens = new AtomicLong();
    private final AtomicLong waitingRecords = new AtomicLong();
    private final AtomicLong paused = new AtomicLong();

    /** What the worker spends its time on: its own thread on all but the forward pass, which has one of its own. */
    enum Stage {
        TOKENIZE,
        FORWARD,
        PUBLISH
    }

    /**
     * Registers the gauges.
     *
     * @param batchTokens most tokens of one batch
     */
    WorkerMetrics(MeterRegistry registry, String revision, String worker, int batchTokens) {
        this.registry = registry;
        this.tags = Tags.of("model", revision, "worker", worker);
        this.batchTokens = batchTokens;
        registry.gauge("sparsecast.worker.waiting.tokens", tags, waitingTokens);
        registry.gauge("sparsecast.worker.waiting.records", tags, waitingRecords);
        registry.gauge("sparsecast.worker.paused", tags, paused);
        // What has not happened yet shows as 0.
        counter("recoveries");
        counter("oversize", "action", "cut");
        counter("oversize", "action", "reject");
    }

    private Counter counter(String name, String... more) {
        return registry.counter("sparsecast.worker." + name, tags.and(more));
    }

    private DistributionSummary summary(String name) {
        return registry.summary("sparsecast.worker." + name, tags);
    }

    private Timer timer(Stage stage) {
        String name =
                switch (stage) {
                    case TOKENIZE -> "tokenize";
                    case FORWARD -> "forward";
                    case PUBLISH -> "publish";
                };
        return registry.timer("sparsecast.worker.stage", tags.and("stage", name));
    }

    void time(Stage stage, Runnable work) {
        timer(stage).record(work);
    }

    <T> T time(Stage stage, Supplier<T> work) {
        long start = System.nanoTime();
        try {
            return work.get();
        } finally {
            timer(stage).record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
        }
    }

    /** Hears of the batches of one step. */
    Progress batches() {
        return new Progress() {
            private long before;

            @Override
            public void advanced(long done, long total) {
                counter("forward.tokens").increment((double) (done - before));
                summary("batch.fill").record((double) (done - before) / batchTokens);
                before = done;
            }
        };
    }

    void waiting(long tokens, int records, boolean heldBack) {
        waitingTokens.set(tokens);
        waitingRecords.set(records);
        paused.set(heldBack ? 1 : 0);
    }

    void recovered() {
        counter("recoveries").increment();
    }

    void flushed(
            PendingFlush flush,
            Map<PromptGroup, ModelStatistics> groups,
            List<ProducerRecord<byte[], byte[]>> records) {
        groups.forEach((group, statistics) -> {
            String[] ofGroup = {"language", group.language(), "domain", group.domain()};
            counter("tokens", ofGroup).increment(statistics.tokens());
            counter("prompts", ofGroup).increment(statistics.prompts());
        });
        counter("flushes").increment();
        counter("prompts.heldout").increment((double) flush.heldOut());
        counter("oversize", "action", "cut").increment((double) flush.cut());
        counter("oversize", "action", "reject").increment((double) flush.oversizeRejected());
        flush.overShare().forEach((group, over) -> {
            String[] ofGroup = {"language", group.language(), "domain", group.domain()};
            counter("overshare.prompts", ofGroup).increment((double) over.prompts());
            counter("overshare.tokens", ofGroup).increment((double) over.tokens());
        });
        counter("deadletters").increment(flush.deadLetters().size());
        summary("flush.tokens").record((double) flush.sums().tokens());
        summary("flush.prompts").record((double) flush.accepted());
        summary("flush.records").record(records.size());
        summary("flush.bytes")
                .record(records.stream()
                        .mapToLong(record -> record.value() == null ? 0 : record.value().length)
                        .sum());
    }
}
