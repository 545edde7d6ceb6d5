package dev.sparsecast.schemas;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Running sums over tokens of one tap's input vector, per channel. The arrays belong to the record once it is made.
 *
 * @param tap label of the tap, such as {@code attention_input}
 * @param sumSquares {@code Σx²}
 * @param sum {@code Σx}
 */
@SuppressWarnings("ArrayRecordComponent")
public record TapTotals(String tap, double[] sumSquares, double[] sum) {
    public TapTotals {
        if (sumSquares.length != sum.length) {
            throw new IllegalArgumentException(
                    "tap '" + tap + "' has " + sumSquares.length + " sums of squares but " + sum.length + " sums");
        }
    }

    public int channels() {
        return sumSquares.length;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TapTotals that
                && tap.equals(that.tap)
                && Arrays.equals(sumSquares, that.sumSquares)
                && Arrays.equals(sum, that.sum);
    }

    @Override
    public int hashCode() {
        return Objects.hash(tap, Arrays.hashCode(sumSquares), Arrays.hashCode(sum));
    }
}
