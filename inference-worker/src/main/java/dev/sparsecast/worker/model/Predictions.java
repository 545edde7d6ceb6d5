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
    /** Of hidden states without padding, those of a shared prefix first. */
    static Predictions of(Pass pass, List<int[]> sequences) {
        int prefix = pass.prefix();
        Predictions predictions = empty(pass);
        int next = 0;
        int first = prefix;
        for (int sequence : pass.sequences()) {
            int[] tokens = sequences.get(sequence);
            for (int position = 0; position + 1 < tokens.length; position++) {
                predictions.rows[next] = position < prefix ? position : first + position - prefix;
                predictions.targets[next++] = tokens[position + 1];
            }
            first += tokens.length - prefix;
        }
        return predictions;
    }

    /** Of hidden states where every sequence takes {@code width} rows. */
    static Predictions padded(Pass pass, List<int[]> sequences, int width) {
        Predictions predictions = empty(pass);
        int next = 0;
        long first = 0;
        for (int sequence : pass.sequences()) {
            int[] tokens = sequences.get(sequence);
            for (int position = 0; position + 1 < tokens.length; position++) {
                predictions.rows[next] = first + position;
                predictions.targets[next++] = tokens[position + 1];
            }
            first += width;
        }
        return predictions;
    }

    private static Predictions empty(Pass pass) {
        int predicted = pass.tokens() - pass.size();
        return new Predictions(new long[predicted], new long[predicted]);
    }

    int size() {
        return rows.length;
    }
}
