package dev.sparsecast.worker.profile;

import dev.sparsecast.checkpoint.ModelConfig;
import dev.sparsecast.checkpoint.Tap;
import dev.sparsecast.checkpoint.statistics.ModelStatistics;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Float64 sums of several groups, which can be added to one another. For one thread at a time. */
public final class PromptSums {
    private final ModelConfig config;
    private final Map<PromptGroup, GroupSums> groups = new HashMap<>();
    private long tokens;

    /** No sums yet of a model. */
    public PromptSums(ModelConfig config) {
        this.config = config;
    }

    /** Memory that the sums of one group take. */
    public static long bytesOfAGroup(ModelConfig config) {
        long channels = 0;
        for (Tap tap : Tap.values()) {
            channels += tap.channels(config);
        }
        return channels * config.layers() * 2 * Double.BYTES;
    }

    /** The sums of a group, made when they are first asked for. */
    GroupSums of(PromptGroup group) {
        return groups.computeIfAbsent(group, _ -> new GroupSums(config));
    }

    /** Counts one prompt, whose activations are or will be in the sums. */
    void count(GroupedPrompt prompt) {
        of(prompt.group()).count(prompt.tokens().length);
        tokens += prompt.tokens().length;
    }

    /** Adds other sums of the same model, which must not be used any more. */
    public void add(PromptSums others) {
        others.groups.forEach((group, sums) -> groups.merge(group, sums, GroupSums::plus));
        tokens += others.tokens;
    }

    /** The groups that there are sums of. */
    public Set<PromptGroup> groups() {
        return Collections.unmodifiableSet(groups.keySet());
    }

    /** Tokens counted in all groups. */
    public long tokens() {
        return tokens;
    }

    /**
     * The sums as values; they must not grow any more.
     *
     * @param modelDigest the model's digest, if known
     */
    public Map<PromptGroup, ModelStatistics> statistics(Optional<String> modelDigest) {
        return groups.entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey,
                        entry -> entry.getValue()
                                .toStatistics(
                                        entry.getKey().language(),
                                        entry.getKey().domain(),
                                        modelDigest)));
    }
}
