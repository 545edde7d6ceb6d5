package dev.sparsecast.streams.drift;

import dev.sparsecast.schemas.TapTotals;
import dev.sparsecast.schemas.Totals;
import dev.sparsecast.streams.state.StateReader;
import dev.sparsecast.streams.state.StateWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Root mean square per channel of every tap of a layer, {@code sqrt(Σx² / n)}.
 *
 * @param tokens number of tokens {@code n}, or of equally weighted tokens that would scatter as much
 * @param taps the vectors, in the order of the statistics
 */
record Rms(double tokens, List<TapRms> taps) {
    Rms {
        taps = List.copyOf(taps);
    }

    /** Vector of a tap. Float32 is finer than any noise here. */
    static final class TapRms {
        private final String tap;
        private final float[] values;

        private TapRms(String tap, float[] values) {
            this.tap = tap;
            this.values = values;
        }

        String tap() {
            return tap;
        }

        /**
         * Relative L2 distance from a reference, {@code |r - r0| / |r0|}. Two silent taps are equal; beside a silent
         * reference, anything else is at distance 1.
         */
        double distanceFrom(TapRms reference) {
            double difference = 0;
            double norm = 0;
            for (int channel = 0; channel < values.length; channel++) {
                double delta = (double) values[channel] - reference.values[channel];
                difference += delta * delta;
                norm += (double) reference.values[channel] * reference.values[channel];
            }
            if (norm == 0) {
                return difference == 0 ? 0 : 1;
            }
            return Math.sqrt(difference / norm);
        }

        /** {@code 1 - cos(r, r0)}; 0 if either is silent. */
        double cosineDistanceFrom(TapRms reference) {
            double product = 0;
            double own = 0;
            double other = 0;
            for (int channel = 0; channel < values.length; channel++) {
                product += (double) values[channel] * reference.values[channel];
                own += (double) values[channel] * values[channel];
                other += (double) reference.values[channel] * reference.values[channel];
            }
            return own == 0 || other == 0 ? 0 : Math.max(0, 1 - product / Math.sqrt(own * other));
        }
    }

    /**
     * Of decayed totals. A mean with weights {@code w} scatters as one of {@code (Σw)² / Σw²} equal tokens does; for weights
     * that halve every {@code H} tokens, with {@code D = Σw}, that is {@code D / (1 - D ln 2 / 2H)}: {@code D} itself at
     * first, twice that in the long run.
     */
    static Rms of(Totals decayed, double halfLifeTokens) {
        List<TapRms> taps = new ArrayList<>();
        for (TapTotals tap : decayed.taps()) {
            taps.add(new TapRms(tap.tap(), rootMeans(tap.sumSquares(), decayed.tokens())));
        }
        double saturation = Math.min(1, decayed.tokens() * Math.log(2) / halfLifeTokens);
        return new Rms(decayed.tokens() / (1 - saturation / 2), taps);
    }

    static float[] rootMeans(double[] sumSquares, double tokens) {
        float[] values = new float[sumSquares.length];
        for (int channel = 0; channel < values.length; channel++) {
            // A difference of sums may fall below zero by rounding.
            values[channel] = (float) Math.sqrt(Math.max(0, sumSquares[channel]) / tokens);
        }
        return values;
    }

    static TapRms tap(String tap, float[] values) {
        return new TapRms(Objects.requireNonNull(tap), values);
    }

    void write(StateWriter out) {
        out.putDouble(tokens).putInt(taps.size());
        taps.forEach(tap -> out.putText(tap.tap).putFloats(tap.values));
    }

    static Rms read(StateReader in) {
        double tokens = in.getDouble();
        List<TapRms> taps = new ArrayList<>();
        for (int left = in.getInt(); left > 0; left--) {
            taps.add(new TapRms(in.getText(), in.getFloats()));
        }
        return new Rms(tokens, taps);
    }
}
