package dev.sparsecast.wanda.selection;

import static jdk.incubator.vector.VectorOperators.GT;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Finds the lowest scores of whole rows without sorting them. {@link ThresholdForecast} predicts a narrow bracket for the
 * row's threshold. One pass sorts all scores into below, inside and above the bracket and collects those inside; the count
 * below tells how many of them are still to be pruned, and a search among them finds the exact threshold. When the bracket
 * misses, the counts tell where to look instead; after that a radix select decides.
 */
final class BracketSelect implements VectorKernel.RowMasker {
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_256;
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_256;
    private static final int LANES = INTS.length();
    private static final int ATTEMPTS = 3;
    private static final int COLLECTING = -1;
    private static final int AT_ONCE = 4;
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final int columns;
    private final int pruned;
    private final ThresholdForecast forecast = new ThresholdForecast();
    private final CandidateSearch search = new CandidateSearch();
    private final RadixSelect radixSelect = new RadixSelect();
    private final byte[] atLeast;
    private final byte[] above;
    private final byte[] bits;
    private final int[] inside;
    private final int[] places = new int[RowDecoder.STRETCH + Long.SIZE];
    private int[] scores = new int[0];

    /** Misses that are left before the radix select; less than 0 while all scores are collected for it. */
    private int attempts;

    private int low;
    private int high;
    private int notBelow;
    private int found;

    /** @param columns padded to whole words of mask bits */
    BracketSelect(int columns, int pruned) {
        this.columns = columns;
        this.pruned = pruned;
        this.atLeast = new byte[columns / LANES];
        this.above = new byte[columns / LANES];
        this.bits = new byte[columns / LANES];
        this.inside = new int[columns + Long.SIZE];
        Arrays.fill(bits, (byte) -1); // all that pruning none needs
    }

    @Override
    public void begin(float sum) {
        attempts = forecast.begin(sum) ? ATTEMPTS : COLLECTING;
        bracket(forecast.low(), forecast.high());
    }

    private void bracket(int low, int high) {
        this.low = low;
        this.high = high;
        notBelow = 0;
        found = 0;
    }

    @Override
    public void scan(float[] magnitudes, int length, float[] norms, int start) {
        if (pruned == 0) {
            return;
        }
        if (attempts == COLLECTING) {
            collectAll(magnitudes, length, norms, start);
        } else {
            compare(magnitudes, length, norms, start, low - 1, high);
            collectInside(magnitudes, length, norms, start);
        }
    }

    @Override
    public boolean finish() {
        if (pruned == 0) {
            return true;
        }
        if (attempts == COLLECTING) {
            int threshold = radixSelect.select(scores, columns, pruned);
            attempts = 0;
            bracket(threshold, threshold);
            return false;
        }
        int needed = pruned - (columns - notBelow);
        if (needed >= 0 && needed <= found) {
            resolve(needed);
            return true;
        }
        attempts = --attempts > 0 && forecast.missed(found, needed) ? attempts : COLLECTING;
        bracket(forecast.low(), forecast.high());
        return false;
    }

    @Override
    public byte[] bits() {
        return bits;
    }

    /** Gives {@link #above} a bit for each score over {@code high}, and {@link #atLeast} one for each over {@code underLow}. */
    private void compare(float[] magnitudes, int length, float[] norms, int start, int underLow, int high) {
        byte[] overLow = atLeast;
        byte[] overHigh = above;
        for (int block = 0; block < length / LANES; block++) {
            IntVector score = score(magnitudes, block * LANES, norms, start + block * LANES);
            overLow[start / LANES + block] = (byte) score.compare(GT, underLow).toLong();
            overHigh[start / LANES + block] = (byte) score.compare(GT, high).toLong();
        }
    }

    /** Counts the scores below the bracket and collects those inside, in order of their positions. */
    private void collectInside(float[] magnitudes, int length, float[] norms, int start) {
        int count = locateInside(length, start);
        int[] collected = inside;
        for (int i = 0; i < count; i++) {
            int at = places[i];
            collected[found + i] = Float.floatToRawIntBits(magnitudes[at] * norms[start + at]);
        }
        found += count;
    }

    /**
     * Lists where in the stretch scores lie inside the bracket. They are few, so {@value #AT_ONCE} are taken from each
     * word of bits, whether there are so many or not, and more only if there are.
     */
    private int locateInside(int length, int start) {
        int[] located = places;
        int count = 0;
        int overLowCount = 0;
        for (int word = 0; word < length / Long.SIZE; word++) {
            long overLow = (long) LONGS.get(atLeast, start / Byte.SIZE + word * Long.BYTES);
            long between = overLow & ~(long) LONGS.get(above, start / Byte.SIZE + word * Long.BYTES);
            overLowCount += Long.bitCount(overLow);
            int next = count;
            count += Long.bitCount(between);
            do {
                for (int i = 0; i < AT_ONCE; i++) {
                    located[next + i] = word * Long.SIZE + Long.numberOfTrailingZeros(between);
                    between &= between - 1;
                }
                next += AT_ONCE;
            } while (between != 0);
        }
        notBelow += overLowCount;
        return count;
    }

    private void collectAll(float[] magnitudes, int length, float[] norms, int start) {
        if (scores.length != columns) {
            scores = new int[columns];
        }
        for (int position = 0; position < length; position += LANES) {
            score(magnitudes, position, norms, start + position).intoArray(scores, start + position);
        }
    }

    private static IntVector score(float[] magnitudes, int position, float[] norms, int column) {
        return FloatVector.fromArray(FLOATS, magnitudes, position)
                .mul(FloatVector.fromArray(FLOATS, norms, column))
                .reinterpretAsInts();
    }

    /** Keeps what is above the bracket and all inside but the {@code needed} lowest. */
    private void resolve(int needed) {
        search.find(inside, found, low, high, needed);
        forecast.observe(search.threshold());
        search.markKept(inside, found);
        int position = 0;
        for (int i = 0; i < bits.length; i += Long.BYTES) {
            long over = (long) LONGS.get(above, i);
            long between = (long) LONGS.get(atLeast, i) & ~over;
            LONGS.set(bits, i, PairedOrder.toColumns(over | Long.expand(search.marks(position), between)));
            position += Long.bitCount(between);
        }
        if (search.equalPruned() < search.equal()) {
            keepLaterEquals();
        }
    }

    /** Of the scores that equal the threshold only the first ones, by column, are pruned. */
    private void keepLaterEquals() {
        search.markEqual(inside, found);
        int left = search.equalPruned();
        int position = 0;
        for (int i = 0; i < bits.length; i += Long.BYTES) {
            long between = (long) LONGS.get(atLeast, i) & ~(long) LONGS.get(above, i);
            long equal = PairedOrder.toColumns(Long.expand(search.marks(position), between));
            for (; left > 0 && equal != 0; left--) {
                equal &= equal - 1;
            }
            LONGS.set(bits, i, (long) LONGS.get(bits, i) | equal);
            position += Long.bitCount(between);
        }
    }
}
