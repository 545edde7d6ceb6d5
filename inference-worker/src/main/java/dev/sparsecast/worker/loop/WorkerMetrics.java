package dev.sparsecast.worker.loop;

import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.worker.profile.PromptGroup;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** The worker's meters; counters count what was committed, and nothing else. */
final class WorkerMetrics {
    private final MeterRegistry registry;
    private final Tags tags;
    private final Counter flushes;
    private final Counter heldOut;
    private final Counter cut;
    private final Counter deadLetters;
    private final Counter recoveries;
    private final DistributionSummary flushRecords;
    private final AtomicLong waitingTokens = new AtomicLong();

    /** What the worker's one thread spends its time on. */
    enum Stage {
        TOKENIZE,
        FORWARD,
        PUBLISH
    }

    WorkerMetrics(MeterRegistry registry, String revision, String worker) {
        this.registry = registry;
        this.tags = Tags.of("model", revision, "worker", worker);
        this.flushes = registry.counter("sparsecast.worker.flushes", tags);
        this.heldOut = registry.counter("sparsecast.worker.prompts.heldout", tags);
        this.cut = registry.counter("sparsecast.worker.prompts.cut", tags);
        this.deadLetters = registry.counter("sparsecast.worker.deadletters", tags);
        this.recoveries = registry.counter("sparsecast.worker.recoveries", tags);
        this.flushRecords = registry.summary("sparsecast.worker.flush.records", tags);
        registry.gauge("sparsecast.worker.waiting.tokens", tags, waitingTokens);
    }

    void time(Stage stage, Runnable work) {
        stageTimer(stage).record(work);
    }

    private Timer stageTimer(Stage stage) {
        String name =
                switch (stage) {
                    case TOKENIZE -> "tokenize";
                    case FORWARD -> "forward";
                    case PUBLISH -> "publish";
                };
        return registry.timer("sparsecast.worker.stage", tags.and("stage", name));
    }

    void waiting(long tokens) {
        waitingTokens.set(tokens);
    }

    void recovered() {
        recoveries.increment();
    }

    void flushed(PendingFlush flush, Map<PromptGroup, ModelStatistics> groups, int records) {
        groups.forEach((group, statistics) -> {
            Tags ofGroup = tags.and("language", group.language(), "domain", group.domain());
            registry.counter("sparsecast.worker.tokens", ofGroup).increment(statistics.tokens());
            registry.counter("sparsecast.worker.prompts", ofGroup).increment(statistics.prompts());
        });
        flushes.increment();
        heldOut.increment((double) flush.heldOut());
        cut.increment((double) flush.cut());
        deadLetters.increment(flush.deadLetters().size());
        flushRecords.record(records);
    }
}
