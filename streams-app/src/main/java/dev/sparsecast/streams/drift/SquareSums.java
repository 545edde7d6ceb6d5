package dev.sparsecast.streams.drift;

import dev.sparsecast.schemas.TapTotals;
import dev.sparsecast.schemas.Totals;
import dev.sparsecast.streams.state.StateReader;
import dev.sparsecast.streams.state.StateWriter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Lifetime {@code Σx²} per channel of every tap of a layer at some moment: what lies between two moments is a difference. */
final class SquareSums {
    private final double tokens;
    private final List<String> taps;
    private final List<double[]> sums;

    private SquareSums(double tokens, List<String> taps, List<double[]> sums) {
        this.tokens = tokens;
        this.taps = taps;
        this.sums = sums;
    }

    static SquareSums of(Totals totals) {
        return new SquareSums(
                totals.tokens(),
                totals.taps().stream().map(TapTotals::tap).toList(),
                totals.taps().stream().map(TapTotals::sumSquares).toList());
    }

    /** Root mean squares of what was added since another moment; since ever, if that is null. */
    Rms since(@Nullable SquareSums before) {
        double added = before == null ? tokens : tokens - before.tokens;
        List<Rms.TapRms> vectors = new ArrayList<>();
        for (int i = 0; i < sums.size(); i++) {
            double[] now = sums.get(i);
            double[] difference = before == null ? now : minus(now, before.sums.get(i));
            vectors.add(Rms.tap(taps.get(i), Rms.rootMeans(difference, added)));
        }
        return new Rms(added, vectors);
    }

    private static double[] minus(double[] now, double[] before) {
        double[] difference = new double[now.length];
        for (int channel = 0; channel < now.length; channel++) {
            difference[channel] = now[channel] - before[channel];
        }
        return difference;
    }

    void write(StateWriter out) {
        out.putDouble(tokens).putInt(sums.size());
        for (int i = 0; i < sums.size(); i++) {
            out.putText(taps.get(i)).putDoubles(sums.get(i));
        }
    }

    static SquareSums read(StateReader in) {
        double tokens = in.getDouble();
        List<String> taps = new ArrayList<>();
        List<double[]> sums = new ArrayList<>();
        for (int left = in.getInt(); left > 0; left--) {
            taps.add(in.getText());
            sums.add(in.getDoubles());
        }
        return new SquareSums(tokens, taps, sums);
    }
}
