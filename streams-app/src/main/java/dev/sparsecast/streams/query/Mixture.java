package dev.sparsecast.streams.query;

import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.TapTotals;
import dev.sparsecast.schemas.Totals;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The weighted sum of the totals of several groups: sums, tokens and prompts each are {@code Σ weight · value}. */
final class Mixture {
    private Mixture() {}

    /**
     * Weights by group from {@code model/language/domain:weight,...}; a weight that is not given is 1.
     *
     * @throws QueryException if it is nothing of the kind
     */
    static Map<GroupKey, Double> weights(String text) {
        Map<GroupKey, Double> weights = new LinkedHashMap<>();
        for (String part : text.split(",", -1)) {
            int colon = part.lastIndexOf(':');
            try {
                double weight = colon < 0 ? 1 : Double.parseDouble(part.substring(colon + 1));
                if (!(weight > 0) || Double.isInfinite(weight)) {
                    throw new NumberFormatException("not positive");
                }
                weights.put(GroupKey.parse(colon < 0 ? part : part.substring(0, colon)), weight);
            } catch (NumberFormatException e) {
                throw new QueryException(
                        Answer.BAD_REQUEST,
                        "the weight in '" + part
                                + "' is no positive number; write groups as model/language/domain:weight",
                        e);
            } catch (IllegalArgumentException e) {
                throw new QueryException(Answer.BAD_REQUEST, String.valueOf(e.getMessage()), e);
            }
        }
        return weights;
    }

    /** Adds them up. */
    static Totals of(List<Totals> groups, List<Double> weights) {
        double tokens = 0;
        double prompts = 0;
        List<TapTotals> taps = new ArrayList<>();
        for (TapTotals tap : groups.getFirst().taps()) {
            taps.add(new TapTotals(tap.tap(), new double[tap.channels()], new double[tap.channels()]));
        }
        for (int group = 0; group < groups.size(); group++) {
            Totals totals = groups.get(group);
            double weight = weights.get(group);
            tokens += weight * totals.tokens();
            prompts += weight * totals.prompts();
            for (int tap = 0; tap < taps.size(); tap++) {
                add(taps.get(tap).sumSquares(), totals.taps().get(tap).sumSquares(), weight);
                add(taps.get(tap).sum(), totals.taps().get(tap).sum(), weight);
            }
        }
        return new Totals(tokens, prompts, taps);
    }

    private static void add(double[] into, double[] values, double weight) {
        for (int channel = 0; channel < into.length; channel++) {
            into[channel] += weight * values[channel];
        }
    }
}
