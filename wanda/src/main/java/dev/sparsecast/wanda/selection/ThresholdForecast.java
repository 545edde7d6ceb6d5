package dev.sparsecast.wanda.selection;

/**
 * Where the threshold of a row is likely to lie. Rows of one matrix differ in scale, but hardly in shape: the ratio of
 * threshold to sum of magnitudes strays by a few percent, where thresholds themselves stray by up to 30 % (SmolLM2's
 * query projections). So the bracket is that ratio's running mean over the rows before, as far around as it has lately
 * strayed, times the row's sum.
 */
final class ThresholdForecast {
    /** Weight of the newest row in the running mean and deviation. */
    private static final double NEWEST = 1.0 / 16;

    /** Half the bracket's width in mean absolute deviations; about 2.5 standard deviations. */
    private static final double REACH = 3.2;

    /** Relative deviation assumed after one row. */
    private static final double FIRST_DEVIATION = 0.03;

    /** Fewer scores inside a bracket than this say nothing about their density. */
    private static final int FEW = 8;

    private boolean known;
    private double mean;
    private double deviation;
    private double sum;
    private int low;
    private int high;

    /**
     * Begins a row and makes its bracket.
     *
     * @param rowSum the sum of its magnitudes
     * @return false if there is nothing to go by
     */
    boolean begin(float rowSum) {
        sum = rowSum;
        if (known && sum < Float.POSITIVE_INFINITY) {
            bracket(mean * sum, REACH * deviation * sum);
            return true;
        }
        return false;
    }

    /** Lowest score of the bracket, as bits. */
    int low() {
        return low;
    }

    /** Highest score of the bracket, as bits. */
    int high() {
        return high;
    }

    /** The row's threshold was this. */
    void observe(int threshold) {
        double ratio = Float.intBitsToFloat(Math.max(threshold, 0)) / sum;
        if (!Double.isFinite(ratio)) {
            return; // a row of zeros, or one beyond float32
        }
        if (known) {
            double error = ratio - mean;
            mean += NEWEST * error;
            deviation += NEWEST * (Math.abs(error) - deviation);
        } else {
            known = true;
            mean = ratio;
            deviation = ratio * FIRST_DEVIATION;
        }
    }

    /**
     * The bracket missed: moves it to where the density of scores inside it suggests.
     *
     * @param found scores inside the bracket
     * @param needed how many scores from its lower end the threshold is: negative or more than {@code found}
     * @return false if there is nothing to go by
     */
    boolean missed(int found, int needed) {
        double from = Float.intBitsToFloat(low);
        double width = Float.intBitsToFloat(high) - from;
        if (found < FEW || !(width > 0)) {
            return false;
        }
        double target = from + width * needed / found;
        double beyond = needed < 0 ? from - target : target - from - width;
        bracket(target, Math.max(beyond / 2, width / 4));
        return true;
    }

    private void bracket(double center, double reach) {
        low = Float.floatToRawIntBits((float) Math.max(center - reach, 0));
        high = Float.floatToRawIntBits((float) Math.clamp(center + reach, 0, Float.MAX_VALUE));
        high = Math.max(low, high);
    }
}
