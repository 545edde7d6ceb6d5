package dev.sparsecast.console.state;

import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.schemas.TapTotals;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is kept of the statistics of one layer: what they contain, and per tap a strip of root mean squares.
 *
 * @param contents which flushes are in them
 * @param activity per tap its strip
 */
record LayerStatistics(
        Contents contents,
        long flushes,
        double prompts,
        long distinctSources,
        java.time.Instant lastFlushAt,
        Map<String, Strip> activity) {
    /** Most values of a strip: as many as can be told apart on the page. */
    static final int BUCKETS = 24;

    /** Equal in two layers if and only if these contain exactly the same flushes. */
    record Contents(long epoch, FlushDigest digest, double tokens) {}

    /**
     * Root mean squares over buckets of neighbouring channels.
     *
     * @param channels channels in all buckets together
     */
    record Strip(int channels, List<Double> rms) {}

    static LayerStatistics of(ActivationStatistics statistics) {
        Map<String, Strip> activity = new LinkedHashMap<>();
        for (TapTotals tap : statistics.decayed().taps()) {
            activity.put(tap.tap(), strip(tap, statistics.decayed().tokens()));
        }
        return new LayerStatistics(
                new Contents(
                        statistics.epoch(),
                        statistics.flushDigest(),
                        statistics.lifetime().tokens()),
                statistics.flushes(),
                statistics.lifetime().prompts(),
                statistics.distinctSources(),
                statistics.lastFlushAt(),
                activity);
    }

    private static Strip strip(TapTotals tap, double tokens) {
        int channels = tap.channels();
        int buckets = Math.min(BUCKETS, channels);
        List<Double> rms = new ArrayList<>(buckets);
        for (int bucket = 0; bucket < buckets; bucket++) {
            int from = (int) ((long) bucket * channels / buckets);
            int to = (int) ((long) (bucket + 1) * channels / buckets);
            double sum = 0;
            for (int channel = from; channel < to; channel++) {
                sum += tap.sumSquares()[channel];
            }
            double meanSquare = sum / ((to - from) * tokens);
            rms.add(meanSquare >= 0 && Double.isFinite(meanSquare) ? Math.sqrt(meanSquare) : 0);
        }
        return new Strip(channels, rms);
    }
}
