package dev.sparsecast.pruner.specification;

import dev.sparsecast.schemas.Names;
import dev.sparsecast.schemas.SubModelRelease.ArtifactKind;
import dev.sparsecast.wanda.PruningParameters;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * One sub-model to keep fresh.
 *
 * @param model the base model that it is of, as revision ({@code name@0123456789ab}), name or digest ({@code sha256:...});
 *     empty for whichever a pruner has
 * @param groups what it is calibrated on: the sums of these groups, each times its weight, are added
 * @param artifacts kinds to build; {@code recipe} always is
 * @param canaryShare share of the deployers that take a release first, above 0 and at most 1
 */
public record SubModelSpecification(
        String name,
        Optional<String> model,
        List<Group> groups,
        PruningParameters parameters,
        Refresh refresh,
        Gate gate,
        Set<ArtifactKind> artifacts,
        double canaryShare) {
    public SubModelSpecification {
        Names.label("sub-model", name);
        groups = List.copyOf(groups);
        artifacts = Set.copyOf(artifacts);
        if (groups.isEmpty()) {
            throw new IllegalArgumentException("sub-model '" + name + "' has no groups");
        }
        if (!(canaryShare > 0 && canaryShare <= 1)) {
            throw new IllegalArgumentException("canary_share must be above 0 and at most 1, not " + canaryShare);
        }
    }

    /** Of whichever model, for all deployers at once. */
    public SubModelSpecification(
            String name,
            List<Group> groups,
            PruningParameters parameters,
            Refresh refresh,
            Gate gate,
            Set<ArtifactKind> artifacts) {
        this(name, Optional.empty(), groups, parameters, refresh, gate, artifacts, 1);
    }

    /**
     * Whether it is of a base model.
     *
     * @param revision of the model, as in keys
     * @param digest of the model, {@code sha256:...}
     */
    public boolean isOf(String revision, String digest) {
        return model.map(
                        wanted -> wanted.equals(revision) || wanted.equals(digest) || revision.startsWith(wanted + "@"))
                .orElse(true);
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
     * @param onChurn release again when that share of the mask's bits would be other ones if it were made now; empty for
     *     never because of that
     * @param schedule release again after that time, if there is anything new
     * @param minimumInterval never sooner after the last release
     */
    public record Refresh(
            long minimumTokens,
            long minimumPrompts,
            long minimumSources,
            long newTokens,
            boolean onDrift,
            OptionalDouble onChurn,
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
            if (onChurn.isPresent() && !(onChurn.getAsDouble() > 0 && onChurn.getAsDouble() <= 1)) {
                throw new IllegalArgumentException("on_churn must be a share above 0 and at most 1");
            }
            if (schedule.isPresent() && !schedule.get().isPositive()) {
                throw new IllegalArgumentException("the schedule must be longer than 0");
            }
        }

        /** Whatever the number of sources, and whatever the churn. */
        public Refresh(
                long minimumTokens,
                long minimumPrompts,
                long newTokens,
                boolean onDrift,
                Optional<Duration> schedule,
                Duration minimumInterval) {
            this(
                    minimumTokens,
                    minimumPrompts,
                    0,
                    newTokens,
                    onDrift,
                    OptionalDouble.empty(),
                    schedule,
                    minimumInterval);
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
     * @param confidence of the intervals that say how sure the ratios are, between 0 and 1
     * @param longestHold how long to wait for more held-out prompts when there are fewer than {@code heldOutPrompts} and
     *     those do not tell; then the average decides. 0 to decide at once
     */
    public record Gate(
            int heldOutPrompts,
            int minimumHeldOutPrompts,
            double largestRatioToDense,
            double largestRatioToCurrent,
            double confidence,
            Duration longestHold) {
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
            if (!(confidence > 0 && confidence < 1)) {
                throw new IllegalArgumentException("the confidence must be above 0 and below 1, not " + confidence);
            }
            if (longestHold.isNegative()) {
                throw new IllegalArgumentException("the longest hold must not be negative");
            }
        }

        /** With a confidence of 95 %, deciding at once. */
        public Gate(
                int heldOutPrompts,
                int minimumHeldOutPrompts,
                double largestRatioToDense,
                double largestRatioToCurrent) {
            this(
                    heldOutPrompts,
                    minimumHeldOutPrompts,
                    largestRatioToDense,
                    largestRatioToCurrent,
                    0.95,
                    Duration.ZERO);
        }

        /**
         * 64 prompts, at least 16; at most 1.5 times the dense perplexity and 1.01 times that of the release in use, with
         * 95 % confidence or after an hour.
         */
        public static Gate defaults() {
            return new Gate(64, 16, 1.5, 1.01, 0.95, Duration.ofHours(1));
        }
    }
}
