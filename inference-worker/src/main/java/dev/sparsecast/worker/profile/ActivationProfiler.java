package dev.sparsecast.worker.profile;

import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.worker.model.LanguageModel;
import dev.sparsecast.worker.model.Progress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Collects prompts, runs them through the model in batches of similar length whatever their groups, and keeps the sums of
 * each group. Prompts wait until {@link #step} or {@link #takeStatistics}: the more of them run together, the less
 * padding there is. Used by one thread.
 */
public final class ActivationProfiler {
    private final LanguageModel model;
    private final Optional<String> modelDigest;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private final Map<PromptGroup, GroupSums> sums = new HashMap<>();
    private long waitingTokens;
    private long tokens;

    @SuppressWarnings("ArrayRecordComponent") // seen by this class only
    private record Waiting(PromptGroup group, int[] tokens) {}

    /** A profiler of a model whose digest, if known, is noted in the statistics. */
    public ActivationProfiler(LanguageModel model, Optional<String> modelDigest) {
        this.model = model;
        this.modelDigest = modelDigest;
    }

    /** Adds a prompt of at least one token and at most as many as the model has positions. */
    public void add(PromptGroup group, int[] promptTokens) {
        waiting.add(new Waiting(group, promptTokens));
        waitingTokens += promptTokens.length;
        tokens += promptTokens.length;
    }

    /** Tokens added since the last {@link #takeStatistics} or {@link #discard}, run or waiting. */
    public long tokens() {
        return tokens;
    }

    /** Tokens of prompts that have not gone through the model yet. */
    public long waitingTokens() {
        return waitingTokens;
    }

    /**
     * Runs the prompts that have waited longest, up to a number of tokens, though at least one prompt if any waits.
     *
     * @return tokens run
     */
    public long step(long maxTokens) {
        List<int[]> sequences = new ArrayList<>();
        List<PromptGroup> groups = new ArrayList<>();
        Map<PromptGroup, Integer> numbers = new HashMap<>();
        List<Integer> groupOf = new ArrayList<>();
        long taken = 0;
        while (!waiting.isEmpty()
                && (sequences.isEmpty() || taken + waiting.element().tokens().length <= maxTokens)) {
            Waiting next = waiting.remove();
            sequences.add(next.tokens());
            groupOf.add(numbers.computeIfAbsent(next.group(), group -> {
                groups.add(group);
                return groups.size() - 1;
            }));
            taken += next.tokens().length;
        }
        List<GroupSums> sumsOfGroup = groups.stream()
                .map(group -> sums.computeIfAbsent(group, ignored -> new GroupSums(model.config())))
                .toList();
        model.profile(
                sequences,
                groupOf.stream().mapToInt(Integer::intValue).toArray(),
                (layer, tap, rows, sumSquares, sum) -> {
                    for (int row = 0; row < rows.length; row++) {
                        sumsOfGroup.get(rows[row]).add(layer, tap, row, sumSquares, sum);
                    }
                },
                Progress.NONE);
        for (int i = 0; i < sequences.size(); i++) {
            sumsOfGroup.get(groupOf.get(i)).count(sequences.get(i).length);
        }
        waitingTokens -= taken;
        return taken;
    }

    /** Runs what is waiting, returns the statistics of every group seen and begins anew. */
    public Map<PromptGroup, ModelStatistics> takeStatistics() {
        step(Long.MAX_VALUE);
        Map<PromptGroup, ModelStatistics> statistics = sums.entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey,
                        entry -> entry.getValue()
                                .toStatistics(
                                        entry.getKey().language(),
                                        entry.getKey().domain(),
                                        modelDigest)));
        discard();
        return statistics;
    }

    /** Forgets everything added since the last {@link #takeStatistics}. */
    public void discard() {
        waiting.clear();
        waitingTokens = 0;
        sums.clear();
        tokens = 0;
    }
}
