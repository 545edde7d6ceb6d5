package dev.sparsecast.wanda.selection;

/**
 * Where the threshold of the next row is likely to lie, from those of the rows before: around their running mean, as far
 * as they have lately strayed from it.
 */
final class ThresholdForecast {
    /** Weight of the newest row in the running mean and deviation. */
    private static final double NEWEST = 1.0 / 16;

    /** Half the bracket's width in mean absolute deviations; about 2.6 standard deviations. */
    private static final double REACH = 3.2;

    /** Relative deviation assumed after one row. */
    private static final double FIRST_DEVIATION = 0.03;

    private boolean known;
    private double mean;
    private double deviation;
    private int low;
    private int high;

    boolean isKnown() {
        return known;
    }

    /** Lowest score of the bracket, as bits. */
    int low() {
        return low;
    }

    /** Highest score of the bracket, as bits. */
    int high() {
        return high;
    }

    /** A row's threshold was this. */
    void observe(int threshold) {
        double value = Float.intBitsToFloat(Math.max(threshold, 0));
        if (!Double.isFinite(value)) {
            known = false;
            return;
        }
        if (known) {
            double error = value - mean;
            mean += NEWEST * error;
            deviation += NEWEST * (Math.abs(error) - deviation);
        } else {
            known = true;
            mean = value;
            deviation = value * FIRST_DEVIATION;
        }
        bracket(mean, REACH * deviation);
    }

    /**
     * The bracket missed: moves it to where the density of scores inside it suggests.
     *
     * @param found scores inside the bracket
     * @param needed how many scores from its lower end the threshold is: negative or more than {@code found}
     * @return false if there is nothing to go by
     */
    boolean missed(int missedLow, int missedHigh, int found, int needed) {
        double from = Float.intBitsToFloat(missedLow);
        double width = Float.intBitsToFloat(missedHigh) - from;
        if (found < 8 || !(width > 0)) {
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
        if (high < low) {
            high = low;
        }
    }
}
