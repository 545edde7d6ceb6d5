package dev.sparsecast.worker.model;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Sequences of similar length, shorter ones padded at their end to the longest. A causal model's values at real positions do
 * not depend on what follows them, so padding needs no attention mask; it is in no sum.
 */
@SuppressWarnings("ArrayRecordComponent") // made and read in this package only
record SequenceBatch(int[] sequences, int[] lengths) {

    /** Some of the sequences, those of a group side by side, otherwise in the order given. */
    static SequenceBatch of(List<Integer> members, List<int[]> all, int[] groups) {
        int[] sequences = members.stream()
                .sorted(Comparator.comparingInt(member -> groups[member]))
                .mapToInt(Integer::intValue)
                .toArray();
        return new SequenceBatch(
                sequences, IntStream.of(sequences).map(i -> all.get(i).length).toArray());
    }

    /** The same sequences without their first tokens. */
    SequenceBatch withoutFirst(int tokens) {
        return new SequenceBatch(
                sequences, IntStream.of(lengths).map(length -> length - tokens).toArray());
    }

    int size() {
        return sequences.length;
    }

    int width() {
        return IntStream.of(lengths).max().orElseThrow();
    }

    int tokens() {
        return IntStream.of(lengths).sum();
    }

    boolean padded() {
        return tokens() < size() * width();
    }

    /** Token ids [size, width], row-major; padding is token 0. */
    long[] ids(List<int[]> all) {
        int width = width();
        long[] ids = new long[size() * width];
        for (int row = 0; row < size(); row++) {
            int[] tokens = all.get(sequences[row]);
            for (int position = 0; position < tokens.length; position++) {
                ids[row * width + position] = tokens[position];
            }
        }
        return ids;
    }

    /** [size, width]: 1 at real positions, 0 at padding. */
    float[] validity() {
        int width = width();
        float[] valid = new float[size() * width];
        for (int row = 0; row < size(); row++) {
            Arrays.fill(valid, row * width, row * width + lengths[row], 1f);
        }
        return valid;
    }

    /** Where the tokens without padding are in [size · width], row-major. */
    long[] places() {
        int width = width();
        return IntStream.range(0, size())
                .flatMap(row -> IntStream.range(row * width, row * width + lengths[row]))
                .asLongStream()
                .toArray();
    }
}
