package dev.sparsecast.pruner.service;

import dev.sparsecast.pruner.churn.ChurnEstimate;
import dev.sparsecast.pruner.snapshot.GroupSnapshot;
import dev.sparsecast.schemas.SubModelDecision;
import dev.sparsecast.schemas.SubModelRelease;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/** The pruner's meters. */
final class PrunerMetrics {
    private final MeterRegistry registry;
    private final Tags tags;
    private final Map<String, AtomicLong> gauges = new ConcurrentHashMap<>();
    private final Map<String, AtomicReference<ChurnEstimate>> churn = new ConcurrentHashMap<>();

    /** What becomes of a candidate, and how long each part takes. */
    enum Stage {
        PRUNE,
        GATE,
        STORE,
        ANNOUNCE;

        String label() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    PrunerMetrics(MeterRegistry registry, String model) {
        this.registry = registry;
        this.tags = Tags.of("model", model);
    }

    void ready(boolean ready) {
        gauge("sparsecast.pruner.ready", Tags.empty()).set(ready ? 1 : 0);
    }

    void snapshot(GroupSnapshot snapshot) {
        Tags group = Tags.of(
                "language",
                snapshot.group().language(),
                "domain",
                snapshot.group().domain());
        registry.counter("sparsecast.pruner.snapshots", tags.and(group)).increment();
        gauge("sparsecast.pruner.snapshot.epoch", group).set(snapshot.epoch());
        gauge("sparsecast.pruner.snapshot.tokens", group).set(snapshot.tokens());
    }

    void deadLetter(String topic) {
        registry.counter("sparsecast.pruner.deadletters", tags.and("topic", topic))
                .increment();
    }

    <T> T time(Stage stage, Map<String, Long> milliseconds, Supplier<T> work) {
        long start = System.nanoTime();
        T result = work.get();
        Duration duration = Duration.ofNanos(System.nanoTime() - start);
        milliseconds.put(stage.label(), duration.toMillis());
        registry.timer("sparsecast.pruner.stage", tags.and("stage", stage.label()))
                .record(duration);
        return result;
    }

    void released(SubModelRelease release) {
        Tags submodel = Tags.of("submodel", release.submodel());
        registry.counter(
                        "sparsecast.pruner.releases",
                        tags.and(submodel).and("trigger", release.trigger().label()))
                .increment();
        gauge("sparsecast.pruner.version", submodel).set(release.version());
        measured(release.submodel(), release.quality());
    }

    /** A candidate that was rejected or held. */
    void turnedDown(SubModelDecision decision) {
        registry.counter(
                        decision.outcome() == SubModelDecision.Outcome.HELD
                                ? "sparsecast.pruner.holds"
                                : "sparsecast.pruner.rejections",
                        tags.and("submodel", decision.submodel()))
                .increment();
        decision.figures().ifPresent(quality -> measured(decision.submodel(), quality));
    }

    /** Whether this pruner is in charge of the model's releases. */
    void inCharge(boolean inCharge) {
        gauge("sparsecast.pruner.in.charge", Tags.empty()).set(inCharge ? 1 : 0);
    }

    /** Whether the file of sub-models can be used as it is now. */
    void specificationIsRight(boolean right) {
        gauge("sparsecast.pruner.specification.right", Tags.empty()).set(right ? 1 : 0);
    }

    /** How stale the release in use is, and how long it took to find out. */
    void churn(String submodel, ChurnEstimate estimate, Duration took) {
        Tags own = tags.and("submodel", submodel);
        churn.computeIfAbsent(submodel, absent -> {
                    AtomicReference<ChurnEstimate> newest = new AtomicReference<>(estimate);
                    registry.gauge(
                            "sparsecast.pruner.churn",
                            own,
                            newest,
                            holder -> Objects.requireNonNull(holder.get()).share());
                    registry.gauge(
                            "sparsecast.pruner.churn.standard.error",
                            own,
                            newest,
                            holder -> Objects.requireNonNull(holder.get()).standardError());
                    return newest;
                })
                .set(estimate);
        registry.timer("sparsecast.pruner.churn.duration", own).record(took);
    }

    void failed(String submodel) {
        registry.counter("sparsecast.pruner.failures", tags.and("submodel", submodel))
                .increment();
    }

    private void measured(String submodel, Quality quality) {
        registry.summary("sparsecast.pruner.perplexity.ratio", tags.and("submodel", submodel))
                .record(quality.candidate() / quality.dense());
    }

    private AtomicLong gauge(String name, Tags own) {
        return gauges.computeIfAbsent(name + own, ignored -> {
            AtomicLong value = new AtomicLong();
            registry.gauge(name, tags.and(own), value);
            return value;
        });
    }
}
