package dev.sparsecast.streams.statistics;

import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.TapNorms;
import dev.sparsecast.schemas.TapTotals;
import dev.sparsecast.schemas.Totals;
import java.util.ArrayList;
import java.util.List;

/** Sums in float64 that are being added to. It owns its arrays until {@link #toTotals} hands them over. */
final class Accumulator {
    private final Shape shape;
    private final double[][] sumSquares;
    private final double[][] sum;
    private double tokens;
    private double prompts;

    /** All zeros. */
    Accumulator(Shape shape) {
        this.shape = shape;
        this.sumSquares = zeros(shape);
        this.sum = zeros(shape);
    }

    private static double[][] zeros(Shape shape) {
        return shape.taps().stream().map(tap -> new double[tap.channels()]).toArray(double[][]::new);
    }

    Accumulator add(ActivationNorms norms) {
        tokens += norms.tokens();
        prompts += norms.prompts();
        for (int i = 0; i < sum.length; i++) {
            TapNorms tap = norms.taps().get(i);
            addTo(sumSquares[i], tap.sumSquares());
            addTo(sum[i], tap.sum());
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
        for (int i = 0; i < sum.length; i++) {
            TapTotals tap = other.taps().get(i);
            fade(sumSquares[i], factor, tap.sumSquares());
            fade(sum[i], factor, tap.sum());
        }
        return this;
    }

    /** The sums. Not to be added to afterwards. */
    Totals toTotals() {
        List<TapTotals> taps = new ArrayList<>();
        for (int i = 0; i < sum.length; i++) {
            taps.add(new TapTotals(shape.taps().get(i).tap(), sumSquares[i], sum[i]));
        }
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
