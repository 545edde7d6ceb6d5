package dev.sparsecast.wanda.selection;

import static jdk.incubator.vector.VectorOperators.GT;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Finds the lowest scores of whole rows without sorting them. Rows of one matrix are alike, so the rows before predict a
 * narrow bracket for the threshold of the next. One pass sorts all scores into below, inside and above the bracket and
 * collects those inside; the count below tells how many of them are still to be pruned, and a search among them finds
 * the exact threshold. When the bracket misses, the counts tell where to look instead; after that a radix select decides.
 */
final class BracketSelect implements VectorKernel.RowMasker {
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_256;
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_256;
    private static final int LANES = INTS.length();
    private static final int WORD = VectorKernel.WORD;
    private static final int ATTEMPTS = 3;

    private final int words;
    private final int pruned;
    private final ThresholdForecast forecast = new ThresholdForecast();
    private final CandidateSearch search = new CandidateSearch();
    private final RadixSelect radixSelect = new RadixSelect();
    private final long[] atLeast;
    private final int[] inside;
    private int[] scores = new int[0];

    BracketSelect(int words, int pruned) {
        this.words = words;
        this.pruned = pruned;
        this.atLeast = new long[words];
        this.inside = new int[words * WORD + LANES];
    }

    @Override
    public void mask(float[] magnitudes, float[] norms, long[] bits) {
        if (pruned == 0) {
            Arrays.fill(bits, -1L);
            return;
        }
        boolean known = forecast.isKnown();
        int low = forecast.low();
        int high = forecast.high();
        for (int attempt = 0; known && attempt < ATTEMPTS; attempt++) {
            int found = partition(magnitudes, norms, low, high, bits);
            int below = words * WORD - count(atLeast);
            int needed = pruned - below;
            if (needed >= 0 && needed <= found) {
                resolve(low, high, found, needed, bits);
                return;
            }
            known = forecast.missed(low, high, found, needed);
            low = forecast.low();
            high = forecast.high();
        }
        int threshold = exactThreshold(magnitudes, norms);
        int found = partition(magnitudes, norms, threshold, threshold, bits);
        resolve(threshold, threshold, found, pruned - (words * WORD - count(atLeast)), bits);
    }

    /**
     * One pass over a row: {@code above} gets a bit for each score over {@code high}, {@link #atLeast} one for each from
     * {@code low} on, {@link #inside} the scores from {@code low} to {@code high} in order of their columns.
     *
     * @return how many scores are inside
     */
    private int partition(float[] magnitudes, float[] norms, int low, int high, long[] above) {
        IntVector underLow = IntVector.broadcast(INTS, low - 1);
        IntVector upToHigh = IntVector.broadcast(INTS, high);
        int[] collected = inside;
        int found = 0;
        for (int word = 0; word < words; word++) {
            long lows = 0;
            long highs = 0;
            for (int column = 0; column < WORD; column += LANES) {
                IntVector score = FloatVector.fromArray(FLOATS, magnitudes, word * WORD + column)
                        .mul(FloatVector.fromArray(FLOATS, norms, word * WORD + column))
                        .reinterpretAsInts();
                VectorMask<Integer> overLow = score.compare(GT, underLow);
                VectorMask<Integer> overHigh = score.compare(GT, upToHigh);
                VectorMask<Integer> between = overLow.andNot(overHigh);
                lows |= overLow.toLong() << column;
                highs |= overHigh.toLong() << column;
                score.compress(between).intoArray(collected, found);
                found += between.trueCount();
            }
            atLeast[word] = lows;
            above[word] = highs;
        }
        return found;
    }

    /** Keeps what is above the bracket and all inside but the {@code needed} lowest. */
    private void resolve(int low, int high, int found, int needed, long[] bits) {
        search.find(inside, found, low, high, needed);
        forecast.observe(search.threshold());
        search.keepBits(inside, found);
        int position = 0;
        for (int word = 0; word < words; word++) {
            long between = atLeast[word] & ~bits[word];
            bits[word] |= Long.expand(search.keepBitsFrom(position), between);
            position += Long.bitCount(between);
        }
    }

    private int exactThreshold(float[] magnitudes, float[] norms) {
        if (scores.length != magnitudes.length) {
            scores = new int[magnitudes.length];
        }
        for (int column = 0; column < scores.length; column += LANES) {
            FloatVector.fromArray(FLOATS, magnitudes, column)
                    .mul(FloatVector.fromArray(FLOATS, norms, column))
                    .reinterpretAsInts()
                    .intoArray(scores, column);
        }
        return radixSelect.select(scores, scores.length, pruned);
    }

    private static int count(long[] words) {
        int count = 0;
        for (long word : words) {
            count += Long.bitCount(word);
        }
        return count;
    }
}
