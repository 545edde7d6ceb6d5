package dev.sparsecast.worker.profile;

import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import dev.sparsecast.worker.model.LanguageModel;
import dev.sparsecast.worker.model.Progress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Collects prompts, runs them through the model in batches of similar length whatever their groups, and keeps the sums of
 * each group. Prompts wait until enough have come for full batches, or until {@link #run}. Used by one thread.
 */
public final class ActivationProfiler {
    /** Batches' worth of tokens to collect before running: what is sorted by length together pads less. */
    private static final int BATCHES_TOGETHER = 8;

    private final LanguageModel model;
    private final Optional<String> modelDigest;
    private final List<PromptGroup> waitingGroups = new ArrayList<>();
    private final List<int[]> waiting = new ArrayList<>();
    private final Map<PromptGroup, GroupSums> sums = new LinkedHashMap<>();
    private long waitingTokens;
    private long tokens;
    private long prompts;

    /** A profiler of a model whose digest, if known, is noted in the statistics. */
    public ActivationProfiler(LanguageModel model, Optional<String> modelDigest) {
        this.model = model;
        this.modelDigest = modelDigest;
    }

    /**
     * Adds a prompt of at least one token and at most as many as the model has positions; may run what has been collected.
     */
    public void add(PromptGroup group, int[] promptTokens) {
        waitingGroups.add(group);
        waiting.add(promptTokens);
        waitingTokens += promptTokens.length;
        tokens += promptTokens.length;
        prompts++;
        if (waitingTokens >= (long) BATCHES_TOGETHER * model.options().batchTokens()) {
            run(Progress.NONE);
        }
    }

    /** Tokens added since the last {@link #takeStatistics} or {@link #discard}, run or waiting. */
    public long tokens() {
        return tokens;
    }

    /** Prompts added since the last {@link #takeStatistics} or {@link #discard}, run or waiting. */
    public long prompts() {
        return prompts;
    }

    /** Runs what is waiting. */
    public void run(Progress progress) {
        if (waiting.isEmpty()) {
            return;
        }
        List<GroupSums> sumsOfPrompt = waitingGroups.stream()
                .map(group -> sums.computeIfAbsent(group, ignored -> new GroupSums(model.config())))
                .toList();
        model.profile(
                waiting,
                (layer, tap, sequences, sumSquares, sum) -> {
                    for (int row = 0; row < sequences.length; row++) {
                        sumsOfPrompt.get(sequences[row]).add(layer, tap, row, sumSquares, sum);
                    }
                },
                progress);
        for (int i = 0; i < waiting.size(); i++) {
            sumsOfPrompt.get(i).count(waiting.get(i).length);
        }
        clearWaiting();
    }

    /** Runs what is waiting, returns the statistics of every group seen and begins anew. */
    public Map<PromptGroup, ModelStatistics> takeStatistics() {
        run(Progress.NONE);
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
        clearWaiting();
        sums.clear();
        tokens = 0;
        prompts = 0;
    }

    private void clearWaiting() {
        waiting.clear();
        waitingGroups.clear();
        waitingTokens = 0;
    }
}
