package dev.sparsecast.worker.model;

import java.util.List;

/**
 * Which hidden states predict which tokens: every token but the first of every sequence, sequence after sequence.
 *
 * @param rows the row of the hidden states that predicts
 * @param targets the token predicted
 */
@SuppressWarnings("ArrayRecordComponent") // made and read in this package only
record Predictions(long[] rows, long[] targets) {
    /** Of hidden states without padding. */
    static Predictions of(Pass pass, List<int[]> sequences) {
        return of(pass, sequences, 0);
    }

    /** Of hidden states where every sequence takes {@code width} rows, or as many as it has tokens if {@code width} is 0. */
    static Predictions of(Pass pass, List<int[]> sequences, int width) {
        int predicted = pass.tokens() - pass.size();
        long[] rows = new long[predicted];
        long[] targets = new long[predicted];
        int next = 0;
        long first = 0;
        for (int sequence : pass.sequences()) {
            int[] tokens = sequences.get(sequence);
            for (int position = 0; position + 1 < tokens.length; position++) {
                rows[next] = first + position;
                targets[next++] = tokens[position + 1];
            }
            first += width == 0 ? tokens.length : width;
        }
        return new Predictions(rows, targets);
    }

    int size() {
        return rows.length;
    }
}
