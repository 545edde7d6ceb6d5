package dev.sparsecast.pruner.specification;

import dev.sparsecast.schemas.Names;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.wanda.PruningParameters;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One sub-model to keep fresh.
 *
 * @param groups what it is calibrated on: the sums of these groups, each times its weight, are added
 * @param artifacts kinds to build; {@code recipe} always is
 */
public record SubModelSpecification(
        String name,
        List<Group> groups,
        PruningParameters parameters,
        Refresh refresh,
        Gate gate,
        Set<ArtifactKind> artifacts) {
    public SubModelSpecification {
        Names.label("sub-model", name);
        groups = List.copyOf(groups);
        artifacts = Set.copyOf(artifacts);
        if (groups.isEmpty()) {
            throw new IllegalArgumentException("sub-model '" + name + "' has no groups");
        }
    }

    /** A group and the weight of its sums. */
    public record Group(String language, String domain, double weight) {
        public Group {
            Names.label("language", language);
            Names.label("domain", domain);
            if (!(weight > 0) || Double.isInfinite(weight)) {
                throw new IllegalArgumentException("the weight must be a positive number, not " + weight);
            }
        }
    }

    /**
     * When to release.
     *
     * @param minimumTokens never from fewer lifetime tokens
     * @param minimumPrompts never from fewer lifetime prompts
     * @param minimumSources never from fewer different sources, so that nobody can steer a sub-model alone or be read from
     *     it
     * @param newTokens release again after so many more tokens; 0 for never because of that
     * @param onDrift release again when the group has drifted from the release in use
     * @param schedule release again after that time, if there is anything new
     * @param minimumInterval never sooner after the last release
     */
    public record Refresh(
            long minimumTokens,
            long minimumPrompts,
            long minimumSources,
            long newTokens,
            boolean onDrift,
            Optional<Duration> schedule,
            Duration minimumInterval) {
        public Refresh {
            if (minimumTokens < 1
                    || minimumPrompts < 1
                    || minimumSources < 0
                    || newTokens < 0
                    || minimumInterval.isNegative()) {
                throw new IllegalArgumentException("minimum_tokens and minimum_prompts must be at least 1,"
                        + " minimum_sources, new_tokens and minimum_interval at least 0");
            }
            if (schedule.isPresent() && !schedule.get().isPositive()) {
                throw new IllegalArgumentException("the schedule must be longer than 0");
            }
        }

        /** Whatever the number of sources. */
        public Refresh(
                long minimumTokens,
                long minimumPrompts,
                long newTokens,
                boolean onDrift,
                Optional<Duration> schedule,
                Duration minimumInterval) {
            this(minimumTokens, minimumPrompts, 0, newTokens, onDrift, schedule, minimumInterval);
        }

        /** A million tokens of a thousand prompts, again after as many or on drift, at most once in ten minutes. */
        public static Refresh defaults() {
            return new Refresh(1_000_000, 1_000, 1_000_000, true, Optional.empty(), Duration.ofMinutes(10));
        }
    }

    /**
     * What a candidate must keep to.
     *
     * @param heldOutPrompts measure on that many of the most recent held-out prompts of each group, if there are as many
     * @param minimumHeldOutPrompts wait until there are at least that many
     * @param largestRatioToDense perplexity over that of the dense model
     * @param largestRatioToCurrent perplexity over that of the release in use
     */
    public record Gate(
            int heldOutPrompts, int minimumHeldOutPrompts, double largestRatioToDense, double largestRatioToCurrent) {
        /** More are not kept. */
        public static final int MOST_HELD_OUT_PROMPTS = 512;

        public Gate {
            if (minimumHeldOutPrompts < 1 || heldOutPrompts < minimumHeldOutPrompts) {
                throw new IllegalArgumentException(
                        "minimum_held_out_prompts must be at least 1 and at most held_out_prompts");
            }
            if (heldOutPrompts > MOST_HELD_OUT_PROMPTS) {
                throw new IllegalArgumentException("held_out_prompts must be at most " + MOST_HELD_OUT_PROMPTS);
            }
            if (!(largestRatioToDense > 0) || !(largestRatioToCurrent > 0)) {
                throw new IllegalArgumentException("the largest ratios must be positive");
            }
        }

        /** 64 prompts, at least 16; at most 1.5 times the dense perplexity and 1.01 times that of the release in use. */
        public static Gate defaults() {
            return new Gate(64, 16, 1.5, 1.01);
        }
    }
}
