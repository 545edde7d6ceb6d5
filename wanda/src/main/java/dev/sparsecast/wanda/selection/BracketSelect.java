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
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** For each set of lanes the numbers of its lanes, lowest first: what packs them together. */
    private static final int[] PACKING = packing();

    private final int columns;
    private final int pruned;
    private final ThresholdForecast forecast = new ThresholdForecast();
    private final CandidateSearch search = new CandidateSearch();
    private final RadixSelect radixSelect = new RadixSelect();
    private final byte[] atLeast;
    private final byte[] above;
    private final int[] inside;
    private int[] scores = new int[0];

    /** @param columns padded to whole words of mask bits */
    BracketSelect(int columns, int pruned) {
        this.columns = columns;
        this.pruned = pruned;
        this.atLeast = new byte[columns / LANES];
        this.above = new byte[columns / LANES];
        this.inside = new int[columns + LANES];
    }

    private static int[] packing() {
        int[] packing = new int[(1 << LANES) * LANES];
        for (int set = 0; set < 1 << LANES; set++) {
            int position = set * LANES;
            for (int lane = 0; lane < LANES; lane++) {
                if ((set >>> lane & 1) != 0) {
                    packing[position++] = lane;
                }
            }
        }
        return packing;
    }

    @Override
    public void mask(RowDecoder row, float[] norms, byte[] bits) {
        if (pruned == 0) {
            Arrays.fill(bits, (byte) -1);
            return;
        }
        float[] magnitudes = row.magnitudes();
        boolean known = forecast.begin(row.sum());
        for (int attempt = 0; known && attempt < ATTEMPTS; attempt++) {
            int low = forecast.low();
            int high = forecast.high();
            int found = partition(magnitudes, norms, low, high);
            int needed = pruned - below();
            if (needed >= 0 && needed <= found) {
                resolve(low, high, found, needed, bits);
                return;
            }
            known = forecast.missed(found, needed);
        }
        int threshold = exactThreshold(magnitudes, norms);
        int found = partition(magnitudes, norms, threshold, threshold);
        resolve(threshold, threshold, found, pruned - below(), bits);
    }

    /**
     * One pass over a row: {@link #above} gets a bit for each score over {@code high}, {@link #atLeast} one for each from
     * {@code low} on, {@link #inside} the scores from {@code low} to {@code high}, all in order of their positions. Four
     * vectors in one turn: so long a method is compiled on its own and not inlined to where registers are scarce.
     *
     * @return how many scores are inside
     */
    private int partition(float[] magnitudes, float[] norms, int low, int high) {
        IntVector underLow = IntVector.broadcast(INTS, low - 1);
        IntVector upToHigh = IntVector.broadcast(INTS, high);
        int[] collected = inside;
        byte[] notBelow = atLeast;
        byte[] over = above;
        int found = 0;
        for (int block = 0; block < columns / LANES; block += 4) {
            IntVector first = score(magnitudes, norms, block * LANES);
            int overLow = (int) first.compare(GT, underLow).toLong();
            int overHigh = (int) first.compare(GT, upToHigh).toLong();
            int between = overLow & ~overHigh & 0xff;
            notBelow[block] = (byte) overLow;
            over[block] = (byte) overHigh;
            IntVector.fromArray(INTS, PACKING, between * LANES)
                    .selectFrom(first)
                    .intoArray(collected, found);
            found += Integer.bitCount(between);

            IntVector second = score(magnitudes, norms, block * LANES + LANES);
            overLow = (int) second.compare(GT, underLow).toLong();
            overHigh = (int) second.compare(GT, upToHigh).toLong();
            between = overLow & ~overHigh & 0xff;
            notBelow[block + 1] = (byte) overLow;
            over[block + 1] = (byte) overHigh;
            IntVector.fromArray(INTS, PACKING, between * LANES)
                    .selectFrom(second)
                    .intoArray(collected, found);
            found += Integer.bitCount(between);

            IntVector third = score(magnitudes, norms, block * LANES + 2 * LANES);
            overLow = (int) third.compare(GT, underLow).toLong();
            overHigh = (int) third.compare(GT, upToHigh).toLong();
            between = overLow & ~overHigh & 0xff;
            notBelow[block + 2] = (byte) overLow;
            over[block + 2] = (byte) overHigh;
            IntVector.fromArray(INTS, PACKING, between * LANES)
                    .selectFrom(third)
                    .intoArray(collected, found);
            found += Integer.bitCount(between);

            IntVector fourth = score(magnitudes, norms, block * LANES + 3 * LANES);
            overLow = (int) fourth.compare(GT, underLow).toLong();
            overHigh = (int) fourth.compare(GT, upToHigh).toLong();
            between = overLow & ~overHigh & 0xff;
            notBelow[block + 3] = (byte) overLow;
            over[block + 3] = (byte) overHigh;
            IntVector.fromArray(INTS, PACKING, between * LANES)
                    .selectFrom(fourth)
                    .intoArray(collected, found);
            found += Integer.bitCount(between);
        }
        return found;
    }

    private static IntVector score(float[] magnitudes, float[] norms, int position) {
        return FloatVector.fromArray(FLOATS, magnitudes, position)
                .mul(FloatVector.fromArray(FLOATS, norms, position))
                .reinterpretAsInts();
    }

    private int below() {
        int count = 0;
        for (int i = 0; i < atLeast.length; i += Long.BYTES) {
            count += Long.bitCount((long) LONGS.get(atLeast, i));
        }
        return columns - count;
    }

    /** Keeps what is above the bracket and all inside but the {@code needed} lowest. */
    private void resolve(int low, int high, int found, int needed, byte[] bits) {
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
            keepLaterEquals(found, bits);
        }
    }

    /** Of the scores that equal the threshold only the first ones, by column, are pruned. */
    private void keepLaterEquals(int found, byte[] bits) {
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

    private int exactThreshold(float[] magnitudes, float[] norms) {
        if (scores.length != columns) {
            scores = new int[columns];
        }
        for (int position = 0; position < columns; position += LANES) {
            score(magnitudes, norms, position).intoArray(scores, position);
        }
        return radixSelect.select(scores, columns, pruned);
    }
}
