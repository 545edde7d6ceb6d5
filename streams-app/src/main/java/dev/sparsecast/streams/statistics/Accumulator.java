package dev.sparsecast.streams.statistics;

import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.TapNorms;
import dev.sparsecast.schemas.TapTotals;
import dev.sparsecast.schemas.Totals;
import java.util.List;

/** Sums in float64 that are being added to. It owns its arrays until {@link #toTotals} hands them over. */
final class Accumulator {
    private final List<TapTotals> taps;
    private double tokens;
    private double prompts;

    private Accumulator(double tokens, double prompts, List<TapTotals> taps) {
        this.tokens = tokens;
        this.prompts = prompts;
        this.taps = taps;
    }

    /** All zeros. */
    Accumulator(Shape shape) {
        this(0, 0, shape.taps().stream().map(Accumulator::zeros).toList());
    }

    private static TapTotals zeros(Shape.TapShape tap) {
        return new TapTotals(tap.tap(), new double[tap.channels()], new double[tap.channels()]);
    }

    /** Goes on with sums that nobody else uses any more, in their arrays. */
    static Accumulator takingOver(Totals sums) {
        return new Accumulator(sums.tokens(), sums.prompts(), sums.taps());
    }

    /** Goes on with a copy of sums. */
    static Accumulator copyOf(Totals sums) {
        return new Accumulator(
                sums.tokens(),
                sums.prompts(),
                sums.taps().stream()
                        .map(tap -> new TapTotals(
                                tap.tap(), tap.sumSquares().clone(), tap.sum().clone()))
                        .toList());
    }

    Accumulator add(ActivationNorms norms) {
        tokens += norms.tokens();
        prompts += norms.prompts();
        for (int i = 0; i < taps.size(); i++) {
            TapNorms tap = norms.taps().get(i);
            addTo(taps.get(i).sumSquares(), tap.sumSquares());
            addTo(taps.get(i).sum(), tap.sum());
        }
        return this;
    }

    Accumulator add(Totals other) {
        return fade(1, other);
    }

    /** Makes this {@code factor} times itself plus {@code other}. */
    Accumulator fade(double factor, Totals other) {
        tokens = tokens * factor + other.tokens();
        prompts = prompts * factor + other.prompts();
        for (int i = 0; i < taps.size(); i++) {
            TapTotals tap = other.taps().get(i);
            fade(taps.get(i).sumSquares(), factor, tap.sumSquares());
            fade(taps.get(i).sum(), factor, tap.sum());
        }
        return this;
    }

    /** The sums. Not to be added to afterwards. */
    Totals toTotals() {
        return new Totals(tokens, prompts, taps);
    }

    private static void addTo(double[] into, float[] values) {
        for (int channel = 0; channel < into.length; channel++) {
            into[channel] += values[channel];
        }
    }

    private static void fade(double[] into, double factor, double[] values) {
        for (int channel = 0; channel < into.length; channel++) {
            into[channel] = into[channel] * factor + values[channel];
        }
    }
}
