package dev.sparsecast.worker.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Sequences that go through the model together, the longest first, shorter ones padded at their end to its length. A
 * causal model's values at real positions do not depend on what follows them, so padding needs no attention mask; it is
 * left out of every sum by {@link #validity}.
 */
@SuppressWarnings("ArrayRecordComponent") // made and read in this package only
record SequenceBatch(int[] sequences, int[] lengths) {
    /** A sequence joins a batch if this share of the batch's width, or less, would be its padding. */
    private static final double PADDING = 0.1;

    /** Spreads sequences over batches of similar lengths, of at most {@code batchTokens} positions each. */
    static List<SequenceBatch> plan(List<int[]> sequences, int batchTokens) {
        List<Integer> order = IntStream.range(0, sequences.size())
                .boxed()
                .sorted(Comparator.comparingInt((Integer i) -> sequences.get(i).length)
                        .reversed())
                .toList();
        List<SequenceBatch> batches = new ArrayList<>();
        int start = 0;
        while (start < order.size()) {
            int width = sequences.get(order.get(start)).length;
            int end = start + 1;
            while (end < order.size()
                    && (long) (end + 1 - start) * width <= batchTokens
                    && sequences.get(order.get(end)).length >= width * (1 - PADDING)) {
                end++;
            }
            int[] members = order.subList(start, end).stream()
                    .mapToInt(Integer::intValue)
                    .toArray();
            int[] lengths =
                    IntStream.of(members).map(i -> sequences.get(i).length).toArray();
            batches.add(new SequenceBatch(members, lengths));
            start = end;
        }
        return batches;
    }

    int size() {
        return sequences.length;
    }

    int width() {
        return lengths[0];
    }

    int tokens() {
        return IntStream.of(lengths).sum();
    }

    boolean padded() {
        return lengths[lengths.length - 1] < width();
    }

    /** Token ids [size, width], row-major; padding is token 0. */
    long[] ids(List<int[]> all) {
        long[] ids = new long[size() * width()];
        for (int row = 0; row < size(); row++) {
            int[] tokens = all.get(sequences[row]);
            for (int position = 0; position < tokens.length; position++) {
                ids[row * width() + position] = tokens[position];
            }
        }
        return ids;
    }

    /** [size, width]: 1 at real positions, 0 at padding. */
    float[] validity() {
        float[] valid = new float[size() * width()];
        for (int row = 0; row < size(); row++) {
            Arrays.fill(valid, row * width(), row * width() + lengths[row], 1f);
        }
        return valid;
    }
}
