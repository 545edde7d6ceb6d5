package dev.sparsecast.pruner.gate;

import dev.sparsecast.pruner.specification.SubModelSpecification.Gate;
import dev.sparsecast.schemas.SubModelRelease.LossDifference;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * From figures to a verdict. A limit on the ratio of perplexities is a limit of {@code ln ratio} on the mean difference of
 * the losses. Where the whole interval of the difference keeps to every limit, the candidate is promoted; where the whole
 * interval is beyond one, it is rejected; else more evidence is waited for or, when no more is to come, the mean decides.
 */
final class Judgement {
    private Judgement() {}

    /**
     * One limit.
     *
     * @param reference perplexity of the other model
     * @param whose of what model, for people
     */
    private record Limit(double ratio, double reference, Optional<LossDifference> difference, String whose) {
        /** A perplexity that is no number keeps to no limit. */
        boolean isKeptOnAverage(double candidate) {
            return candidate <= ratio * reference;
        }

        boolean isSurelyKept(double candidate) {
            return isKeptOnAverage(candidate)
                    && difference.map(known -> known.high() <= Math.log(ratio)).orElse(true);
        }

        boolean isSurelyBroken(double candidate) {
            return !isKeptOnAverage(candidate)
                    && difference
                            .map(known -> !(known.low() <= Math.log(ratio)))
                            .orElse(true);
        }

        String measured(double candidate) {
            String interval = difference
                    .map(known -> String.format(
                            Locale.ROOT,
                            " (ratio %.4f, %.0f %% interval %.4f to %.4f)",
                            Math.exp(known.mean()),
                            100 * known.confidence(),
                            Math.exp(known.low()),
                            Math.exp(known.high())))
                    .orElse("");
            return String.format(
                    Locale.ROOT,
                    "perplexity %.3f against %.3f %s%s, at most %.3f times allowed",
                    candidate,
                    reference,
                    whose,
                    interval,
                    ratio);
        }
    }

    /**
     * Judges.
     *
     * @param currentIsLimit whether a candidate must not be worse than the release in use
     * @param mayHold whether more evidence may be waited for
     */
    static GateVerdict of(Gate gate, Quality quality, boolean currentIsLimit, boolean mayHold) {
        List<Limit> limits = new ArrayList<>();
        limits.add(new Limit(
                gate.largestRatioToDense(), quality.dense(), quality.differenceToDense(), "of the dense model"));
        if (currentIsLimit && quality.current().isPresent()) {
            limits.add(new Limit(
                    gate.largestRatioToCurrent(),
                    quality.current().getAsDouble(),
                    quality.differenceToCurrent(),
                    "of the release in use"));
        }
        double candidate = quality.candidate();
        for (Limit limit : limits) {
            if (limit.isSurelyBroken(candidate)) {
                return new GateVerdict.Rejected(quality, limit.measured(candidate));
            }
        }
        for (Limit limit : limits) {
            if (!limit.isSurelyKept(candidate)) {
                return unsure(limits, limit, quality, mayHold);
            }
        }
        return new GateVerdict.Promoted(quality, limits.getLast().measured(candidate));
    }

    private static GateVerdict unsure(List<Limit> limits, Limit unsure, Quality quality, boolean mayHold) {
        if (mayHold) {
            return new GateVerdict.Held(
                    quality, quality.prompts() + " prompts do not tell: " + unsure.measured(quality.candidate()));
        }
        for (Limit limit : limits) {
            if (!limit.isKeptOnAverage(quality.candidate())) {
                return new GateVerdict.Rejected(quality, "on average " + limit.measured(quality.candidate()));
            }
        }
        return new GateVerdict.Promoted(quality, "on average " + unsure.measured(quality.candidate()));
    }
}
