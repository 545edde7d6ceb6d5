package dev.sparsecast.streams.statistics;

import dev.sparsecast.schemas.ActivationNorms;
import java.util.List;
import java.util.TreeMap;

/** The same statistics in the plainest way: all flushes in memory, summed epoch by epoch. */
record PlainStatistics(double tokens, double decayedTokens, double[] lifetime, double[] decayed) {
    /** Of Σx² of one tap. */
    static PlainStatistics of(List<ActivationNorms> flushes, int tap, long epochMillis, double halfLife) {
        int channels = flushes.getFirst().taps().get(tap).channels();
        TreeMap<Long, double[]> epochs = new TreeMap<>();
        TreeMap<Long, Double> epochTokens = new TreeMap<>();
        for (ActivationNorms flush : flushes) {
            long epoch = Math.floorDiv(flush.flushedAt().toEpochMilli(), epochMillis);
            double[] sums = epochs.computeIfAbsent(epoch, absent -> new double[channels]);
            for (int channel = 0; channel < channels; channel++) {
                sums[channel] += flush.taps().get(tap).sumSquares()[channel];
            }
            epochTokens.merge(epoch, (double) flush.tokens(), Double::sum);
        }
        double[] lifetime = new double[channels];
        double[] decayed = new double[channels];
        double tokens = 0;
        double decayedTokens = 0;
        for (long epoch : epochs.keySet()) {
            double fade = Math.exp(-Math.log(2) * epochTokens.get(epoch) / halfLife);
            tokens += epochTokens.get(epoch);
            decayedTokens = decayedTokens * fade + epochTokens.get(epoch);
            for (int channel = 0; channel < channels; channel++) {
                lifetime[channel] += epochs.get(epoch)[channel];
                decayed[channel] = decayed[channel] * fade + epochs.get(epoch)[channel];
            }
        }
        return new PlainStatistics(tokens, decayedTokens, lifetime, decayed);
    }
}
