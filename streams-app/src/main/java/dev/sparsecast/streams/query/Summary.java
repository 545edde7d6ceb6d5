package dev.sparsecast.streams.query;

import dev.sparsecast.schemas.TapTotals;
import dev.sparsecast.schemas.Totals;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Mean {@code Σx/n}, variance {@code Σx²/n − (Σx/n)²} and root mean square {@code sqrt(Σx²/n)} per channel.
 *
 * @param tokens {@code n}
 */
record Summary(double tokens, double prompts, List<Tap> taps) {
    /**
     * A tap: means over its channels, and the channels themselves if they were asked for.
     *
     * @param meanRms mean over channels of their root mean squares
     * @param meanVariance mean over channels of their variances
     */
    record Tap(
            String tap,
            int channels,
            double meanRms,
            double meanVariance,
            @Nullable List<Double> rms,
            @Nullable List<Double> mean,
            @Nullable List<Double> variance) {}

    static Summary of(Totals totals, boolean withChannels) {
        return new Summary(
                totals.tokens(),
                totals.prompts(),
                totals.taps().stream()
                        .map(tap -> tap(tap, totals.tokens(), withChannels))
                        .toList());
    }

    private static Tap tap(TapTotals sums, double tokens, boolean withChannels) {
        IntToDoubleFunction rms = channel -> Math.sqrt(Math.max(0, sums.sumSquares()[channel]) / tokens);
        IntToDoubleFunction mean = channel -> sums.sum()[channel] / tokens;
        DoubleUnaryOperator square = value -> value * value;
        // a channel that hardly varies may come out below zero by rounding
        IntToDoubleFunction variance = channel ->
                Math.max(0, sums.sumSquares()[channel] / tokens - square.applyAsDouble(mean.applyAsDouble(channel)));
        int channels = sums.channels();
        return new Tap(
                sums.tap(),
                channels,
                IntStream.range(0, channels).mapToDouble(rms).average().orElse(0),
                IntStream.range(0, channels).mapToDouble(variance).average().orElse(0),
                withChannels ? list(channels, rms) : null,
                withChannels ? list(channels, mean) : null,
                withChannels ? list(channels, variance) : null);
    }

    private static List<Double> list(int channels, IntToDoubleFunction value) {
        return IntStream.range(0, channels).mapToDouble(value).boxed().toList();
    }
}
