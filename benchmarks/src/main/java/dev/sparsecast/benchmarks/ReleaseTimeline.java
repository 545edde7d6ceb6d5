package dev.sparsecast.benchmarks;

import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.SubModelRelease;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * One refresh, stage by stage.
 *
 * @param bytes what a deployer fetches
 * @param milliseconds by stage, in the order in which they follow each other
 */
record ReleaseTimeline(long bytes, Map<String, Long> milliseconds) {
    /** Stages up to the switch of {@code current}, counted from the snapshot. */
    static final String SNAPSHOT_TO_DEPLOYED = "**snapshot to deployed**";

    static final String PROMPT_TO_DEPLOYED = "**last prompt to deployed**";

    /**
     * What was seen.
     *
     * @param sent when the broker had the last prompt
     * @param flushed when its flush was visible
     * @param published when the last layer's statistics were visible
     * @param pruner milliseconds of the pruner's stages
     * @param acknowledged when the acknowledgement was visible
     */
    static ReleaseTimeline of(
            Instant sent,
            Instant flushed,
            Instant published,
            Map<String, Long> pruner,
            SubModelRelease release,
            SubModelDeployment deployment,
            Instant acknowledged,
            long bytes) {
        Map<String, Long> stages = new LinkedHashMap<>();
        stages.put("forward pass, flush", between(sent, flushed));
        stages.put("statistics published", between(flushed, published));
        stages.put("snapshot complete", between(published, release.snapshotAt()));
        long before = between(release.snapshotAt(), deployment.receivedAt());
        stages.put("selection", pruner.getOrDefault("prune", 0L));
        stages.put("gate", pruner.getOrDefault("gate", 0L));
        stages.put("store", pruner.getOrDefault("store", 0L));
        stages.put("announce", pruner.getOrDefault("announce", 0L));
        stages.put(
                "decision, and the way to the deployer",
                before - pruner.values().stream().mapToLong(Long::longValue).sum());
        Map<String, Long> deployer = deployment.stageMillis();
        for (String stage : List.of("stage", "verify", "materialize", "sync", "switch")) {
            stages.put(stage.equals("stage") ? "fetch" : stage, deployer.getOrDefault(stage, 0L));
        }
        stages.put(SNAPSHOT_TO_DEPLOYED, between(release.snapshotAt(), deployment.finishedAt()));
        stages.put(PROMPT_TO_DEPLOYED, between(sent, deployment.finishedAt()));
        stages.put("probe", deployer.getOrDefault("probe", 0L));
        stages.put("acknowledged, from the switch on", between(deployment.finishedAt(), acknowledged));
        return new ReleaseTimeline(bytes, stages);
    }

    private static long between(Instant from, Instant to) {
        return Duration.between(from, to).toMillis();
    }

    /** A Markdown table of medians and ranges in milliseconds, with a column for each kind. */
    static String table(Map<String, List<ReleaseTimeline>> byKind) {
        List<String> lines = new ArrayList<>();
        lines.add("| milliseconds, median (range) | " + String.join(" | ", byKind.keySet()) + " |");
        lines.add("| --- |" + " --- |".repeat(byKind.size()));
        List<String> bytes = new ArrayList<>();
        byKind.forEach((kind, refreshes) -> bytes.add(String.format(
                Locale.ROOT,
                "%,d",
                refreshes.stream().mapToLong(ReleaseTimeline::bytes).sum() / refreshes.size())));
        lines.add("| bytes fetched, mean | " + String.join(" | ", bytes) + " |");
        List<String> stages = byKind.values().stream()
                .flatMap(List::stream)
                .flatMap(refresh -> refresh.milliseconds().keySet().stream())
                .distinct()
                .toList();
        for (String stage : stages) {
            List<String> cells = byKind.values().stream()
                    .map(refreshes -> cell(stage, refreshes))
                    .toList();
            lines.add("| " + stage + " | " + String.join(" | ", cells) + " |");
        }
        return String.join("\n", lines);
    }

    private static String cell(String stage, List<ReleaseTimeline> refreshes) {
        List<Long> sorted = refreshes.stream()
                .map(refresh -> refresh.milliseconds().getOrDefault(stage, 0L))
                .sorted()
                .toList();
        return String.format(
                Locale.ROOT, "%,d (%,d–%,d)", sorted.get(sorted.size() / 2), sorted.getFirst(), sorted.getLast());
    }
}
